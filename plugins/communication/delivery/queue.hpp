// What waits for one recipient: urgent before bulk, senders in turn.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../model/message.hpp"

namespace communication {

// The next is one of the highest priority that waits; of every eighth turn, one of the lowest, so
// that bulk is slow and not starved. Within a priority each sender has one in turn, in its order.
class Queue {
public:
    void push(MessagePtr message);
    // Before all others of its sender and priority.
    void push_front(MessagePtr message);
    // REQUIRES: not empty().
    [[nodiscard]] MessagePtr pop();
    // Takes out what was settled where it waits.
    [[nodiscard]] std::vector<MessagePtr> take_settled();
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    struct Line {
        std::string sender;
        std::deque<MessagePtr> waiting; // never empty
    };
    struct Level {
        std::list<Line> turns; // whose turn it is, first
        std::unordered_map<std::string_view, std::list<Line>::iterator> lines;
    };
    Line& line_of(const Message& message);
    [[nodiscard]] Level& next_level() noexcept;

    std::array<Level, 3> levels_; // high, normal, low
    std::size_t size_ = 0;
    unsigned turn_ = 0;
};

} // namespace communication
