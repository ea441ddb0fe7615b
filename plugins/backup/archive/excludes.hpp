// Which paths are left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace backup {

// Patterns as restic has them: "*.tmp" is any name, "cache/*.db" any path that ends so, "/var/tmp"
// that path; "**" stands for any number of folders. What is in an excluded folder is excluded.
class Excludes {
public:
    explicit Excludes(const std::vector<std::string>& patterns);
    // `path` is absolute; the folders above it were not excluded.
    [[nodiscard]] bool match(std::string_view path) const;
    [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }

private:
    struct Pattern {
        bool absolute;
        std::vector<std::string> parts;
    };
    std::vector<Pattern> patterns_;
};

// "/a//b/" is {"a", "b"}.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view path);

} // namespace backup
