// What changed lately, and who waits for more.
#pragma once

#include <deque>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../store/store.hpp"
#include "noa/sdk.hpp"

namespace config {

// One event as watchers get it, on the bus and in answers.
[[nodiscard]] std::string event_text(const VersionRow& row);
[[nodiscard]] VersionRow row_of(const Change& change);

struct Filter {
    std::vector<std::string> names; // empty: all
    std::size_t limit = 256;
    [[nodiscard]] bool takes(const std::string& name) const;
};

// The newest events, so that those who keep up need no disk.
class Recent {
public:
    struct Event {
        std::string name;
        Revision revision;
        Revision last; // of its transaction
        std::string text;
    };

    explicit Recent(Revision revision) : since_(revision), revision_(revision) {}
    void add(const Change& change, std::string text);
    // Whether all events after `since` are here.
    [[nodiscard]] bool covers(Revision since) const noexcept { return since >= since_; }
    // {"events": […], "revision": …, "more": …}: whole transactions after `since`. Nothing when
    // there is none that the filter takes.  REQUIRES: covers(since).
    [[nodiscard]] std::optional<std::string> after(Revision since, const Filter& filter) const;
    [[nodiscard]] Revision revision() const noexcept { return revision_; }

private:
    std::deque<Event> events_;
    std::size_t bytes_ = 0;
    Revision since_;
    Revision revision_;
};

// The same answer of rows from the store.
[[nodiscard]] std::string answer_of(const std::vector<VersionRow>& rows, const Filter& filter,
                                    Revision since, bool more);

struct Waiter {
    Revision since;
    Filter filter;
    noa::Responder responder;
    noa::TimerId timer = 0;
};

// A list, so that a waiter stays where it is.
using Waiters = std::list<Waiter>;

} // namespace config
