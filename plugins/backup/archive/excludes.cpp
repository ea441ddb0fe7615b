#include "excludes.hpp"

#include <fnmatch.h>

#include <span>

namespace backup {

namespace {

using Parts = std::span<const std::string>;

// "**" is tried greedily, going back to the last one only, as with "*" in names: no explosion.
bool match_parts(Parts pattern, Parts path) {
    std::size_t at = 0;
    std::size_t in = 0;
    std::size_t star = pattern.size();
    std::size_t star_in = 0;
    while (in < path.size()) {
        if (at < pattern.size() && pattern[at] == "**") {
            star = at++;
            star_in = in;
        } else if (at < pattern.size() &&
                   ::fnmatch(pattern[at].c_str(), path[in].c_str(), 0) == 0) {
            ++at;
            ++in;
        } else if (star != pattern.size()) {
            at = star + 1;
            in = ++star_in;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == "**") {
        ++at;
    }
    return at == pattern.size();
}

} // namespace

std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end > 0) {
            parts.emplace_back(path.substr(0, end));
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

Excludes::Excludes(const std::vector<std::string>& patterns) {
    for (const std::string& text : patterns) {
        Pattern pattern{text.starts_with('/'), parts_of(text)};
        if (!pattern.parts.empty()) {
            patterns_.push_back(std::move(pattern));
        }
    }
}

bool Excludes::match(std::string_view path) const {
    const std::vector<std::string> parts =
        patterns_.empty() ? std::vector<std::string>() : parts_of(path);
    for (const Pattern& pattern : patterns_) {
        if (pattern.absolute) {
            if (match_parts(pattern.parts, parts)) {
                return true;
            }
            continue;
        }
        for (std::size_t from = 0; from < parts.size(); ++from) {
            if (match_parts(pattern.parts, Parts(parts).subspan(from))) {
                return true;
            }
        }
    }
    return false;
}

} // namespace backup
