#include "queue.hpp"

#include <utility>

namespace communication {

namespace {

constexpr unsigned low_turn = 8;

std::size_t rank(noa::Priority priority) noexcept {
    return priority == noa::Priority::high ? 0 : priority == noa::Priority::normal ? 1 : 2;
}

} // namespace

void Queue::push(MessagePtr message) {
    line_of(*message).waiting.push_back(std::move(message));
    ++size_;
}

void Queue::push_front(MessagePtr message) {
    line_of(*message).waiting.push_front(std::move(message));
    ++size_;
}

MessagePtr Queue::pop() {
    Level& level = next_level();
    auto turn = level.turns.begin();
    MessagePtr message = std::move(turn->waiting.front());
    turn->waiting.pop_front();
    --size_;
    if (turn->waiting.empty()) {
        level.lines.erase(turn->sender);
        level.turns.erase(turn);
    } else {
        level.turns.splice(level.turns.end(), level.turns, turn);
    }
    return message;
}

std::vector<MessagePtr> Queue::take_settled() {
    std::vector<MessagePtr> gone;
    for (Level& level : levels_) {
        for (auto line = level.turns.begin(); line != level.turns.end();) {
            std::erase_if(line->waiting, [&gone](MessagePtr& one) {
                if (one->settled) {
                    gone.push_back(std::move(one));
                }
                return one == nullptr;
            });
            if (line->waiting.empty()) {
                level.lines.erase(line->sender);
                line = level.turns.erase(line);
            } else {
                ++line;
            }
        }
    }
    size_ -= gone.size();
    return gone;
}

Queue::Line& Queue::line_of(const Message& message) {
    Level& level = levels_[rank(message.terms.priority)];
    if (const auto found = level.lines.find(message.terms.sender); found != level.lines.end()) {
        return *found->second;
    }
    level.turns.push_back({message.terms.sender, {}});
    const auto line = std::prev(level.turns.end());
    level.lines.emplace(line->sender, line);
    return *line;
}

Queue::Level& Queue::next_level() noexcept {
    ++turn_;
    const bool low_first = turn_ % low_turn == 0;
    for (std::size_t at = 0; at < levels_.size(); ++at) {
        Level& level = levels_[low_first ? levels_.size() - 1 - at : at];
        if (!level.turns.empty()) {
            return level;
        }
    }
    return levels_[0];
}

} // namespace communication
