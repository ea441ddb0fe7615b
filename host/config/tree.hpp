// A configuration before it is understood: JSON values, and where each of them was written.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/config.hpp"

namespace noa::config {

using Origins = std::map<std::string, Origin>;

struct Tree {
    nlohmann::json value = nlohmann::json::object();
    Origins origins; // by dotted key, tables and the elements of arrays included
};

// `text` as a TOML basic string, quotes included. Broken UTF-8 becomes U+FFFD.
[[nodiscard]] std::string quoted_toml(const std::string& text);

// "agents.cache"; a key that is not bare is quoted as in TOML: agents.cache.settings."a.b"
[[nodiscard]] std::string dotted(std::string_view parent, std::string_view key);
[[nodiscard]] std::string element(std::string_view parent, std::size_t index);

// The origin of `key`, or of the nearest table that holds it; "default" when there is none.
[[nodiscard]] Origin origin_of(const Origins& origins, std::string_view key);

// Lays `over` upon `under`: tables per key, everything else (secret references too) as a whole.
void merge(Tree& under, const Tree& over);

// {secret = "…"} with nothing beside it.
[[nodiscard]] bool is_secret_reference(const nlohmann::json& value);

// What was found, for an error: `string "x"`, `integer 3`, `a table`. Bounded, one line.
[[nodiscard]] std::string describe(const nlohmann::json& value);

// What is wrong with a configuration; each with its place.
class Problems {
public:
    void add(const Origin& origin, std::string_view key, std::string_view text);
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    // One line each: "file:line:column: key: text". Bounded.
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::string> lines_;
    std::size_t count_ = 0;
};

// " (did you mean \"queue_size\"?)" when one of `known` is close to `word`, else nothing.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& known);

} // namespace noa::config
