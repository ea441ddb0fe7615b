// What makes one text of another, and three into one. By libgit2, which keeps nothing of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../model/change_set.hpp"

namespace drafting {

// libgit2 at work, while one of these lives; on any thread.
class GitLibrary {
public:
    GitLibrary() noexcept;
    GitLibrary(const GitLibrary&) = delete;
    GitLibrary& operator=(const GitLibrary&) = delete;
    ~GitLibrary();
};

// Lines, counted from 0, that take the place of others.
struct Hunk {
    std::size_t before = 0;
    std::size_t before_count = 0;
    std::size_t after = 0;
    std::size_t after_count = 0;
};
[[nodiscard]] noa::sdk::Result<std::vector<Hunk>> line_hunks(std::string_view before,
                                                             std::string_view after);

// As a change: by lines, and by words within them. Both are UTF-8 with "\n" between lines.
[[nodiscard]] noa::sdk::Result<ChangeSet> difference(std::string_view before,
                                                     std::string_view after);

// "@@ -1,3 +1,3 @@ …", `context` lines around.
struct Unified {
    std::string text;
    std::size_t added = 0;
    std::size_t removed = 0;
};
[[nodiscard]] noa::sdk::Result<Unified> unified(std::string_view before, std::string_view after,
                                                const std::string& name, unsigned context);

struct Merged {
    std::string text; // with what is in conflict between <<<<<<<, |||||||, =======, >>>>>>>
    std::size_t conflicts = 0;
};
[[nodiscard]] noa::sdk::Result<Merged> merge(std::string_view base, std::string_view ours,
                                             std::string_view theirs, const std::string& our_name,
                                             const std::string& their_name);

} // namespace drafting
