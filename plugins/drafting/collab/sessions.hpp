// Who has a draft open, and where in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace drafting {

struct Session {
    std::string id;
    std::string author;
    std::string name; // that others are shown
    bool observes = false;
    noa::Json cursor; // as it was given: {"anchor", "head"}; null: none
    std::int64_t version = 0;
    noa::Time seen;
};

// Edits there may be: so many at once, and so many in a second.
class Allowance {
public:
    // False: used up.
    bool take(double count, double per_second, noa::Time now) noexcept;

private:
    double left_ = -1; // below 0: as many as there may be
    noa::Time at_;
};

class Sessions {
public:
    // Of one draft.
    [[nodiscard]] Session* find(const std::string& draft, const std::string& id);
    [[nodiscard]] std::vector<const Session*> of(const std::string& draft) const;
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    // BUSY: there are too many.
    [[nodiscard]] noa::Result<Session*> put(const std::string& draft, Session session,
                                            std::size_t most, std::size_t most_of_draft);
    bool drop(const std::string& draft, const std::string& id);
    void drop_all(const std::string& draft);
    // Draft and session of those that were not seen since; they are dropped.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> drop_silent(noa::Time before);

private:
    std::map<std::string, std::map<std::string, Session>> all_; // by draft, by id
    std::size_t count_ = 0;
};

} // namespace drafting
