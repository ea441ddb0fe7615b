// What there is to know of a draft beside its text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drafting {

using Version = std::int64_t; // how many changes led to it
using Millis = std::int64_t;  // since 1970

enum class Status : std::uint8_t { draft, review, approved, published, archived };
enum class Role : std::uint8_t { none, viewer, commenter, editor, owner };

inline constexpr std::array<std::string_view, 5> status_names{"draft", "review", "approved",
                                                              "published", "archived"};
inline constexpr std::array<std::string_view, 5> role_names{"none", "viewer", "commenter", "editor",
                                                            "owner"};

[[nodiscard]] constexpr std::string_view name_of(Status status) noexcept {
    return status_names[static_cast<std::size_t>(status)];
}
[[nodiscard]] constexpr std::string_view name_of(Role role) noexcept {
    return role_names[static_cast<std::size_t>(role)];
}
template <class T>
[[nodiscard]] constexpr std::optional<T> named(const std::array<std::string_view, 5>& names,
                                               std::string_view name) noexcept {
    for (std::size_t at = 0; at < names.size(); ++at) {
        if (names[at] == name) {
            return static_cast<T>(at);
        }
    }
    return std::nullopt;
}

// Back to a draft from anywhere; forward one step at a time; out of the archive only to a draft.
[[nodiscard]] constexpr bool may_become(Status from, Status to) noexcept {
    if (from == to) {
        return false;
    }
    switch (to) {
    case Status::draft: return true;
    case Status::review: return from == Status::draft;
    case Status::approved: return from == Status::review;
    case Status::published: return from == Status::approved;
    case Status::archived: return true;
    }
    return false;
}

// What is approved, published or archived stays as it is.
[[nodiscard]] constexpr bool takes_edits(Status status) noexcept {
    return status == Status::draft || status == Status::review;
}

struct Collaborator {
    std::string name;
    Role role = Role::none;
};

struct Draft {
    std::string id;
    std::string title;
    std::string type;
    std::string author;
    std::string template_id;
    std::string tone;
    std::string audience;
    std::string metadata; // JSON of an object; empty: none
    std::vector<std::string> tags;
    std::vector<Collaborator> collaborators; // beside the author
    Role others = Role::editor;              // of whoever is not named
    Status status = Status::draft;
    bool crlf = false;  // its line ends, where it came from
    std::string origin; // the draft that it branched off, and where; empty: none
    Version origin_version = 0;
    Version merged = 0; // of the branch itself: up to where it went back
    std::int64_t words = 0;
    std::int64_t bytes = 0;
    Millis created = 0;
    Millis updated = 0;

    [[nodiscard]] Role role_of(std::string_view name) const noexcept {
        if (name == author) {
            return Role::owner;
        }
        for (const Collaborator& one : collaborators) {
            if (one.name == name) {
                return one.role;
            }
        }
        return others;
    }
};

// An accepted change.
struct Update {
    std::string client;
    std::string author;
    Millis at = 0;
    std::string changes; // JSON, as it is told
};

} // namespace drafting
