#include "config/tree.hpp"

#include <algorithm>
#include <numeric>

#include "base/utf8.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

constexpr std::size_t max_problems = 50;
constexpr std::size_t max_problem_bytes = 1024;
constexpr auto replace = json::error_handler_t::replace;

bool is_bare(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

// Calls `visit` with every origin at or below `path`.
template <class Visit>
void each_below(const Origins& origins, const std::string& path, Visit visit) {
    for (auto at = origins.lower_bound(path); at != origins.end() && at->first.starts_with(path);
         ++at) {
        const auto& key = at->first;
        // "agents.cache-2" lies between "agents.cache" and "agents.cache.run"
        if (key.size() == path.size() || path.empty() || key[path.size()] == '.' ||
            key[path.size()] == '[') {
            visit(*at);
        }
    }
}

void replace_origins(Origins& under, const Origins& over, const std::string& path) {
    std::vector<std::string> gone;
    each_below(under, path, [&gone](const auto& entry) { gone.push_back(entry.first); });
    for (const auto& key : gone) {
        under.erase(key);
    }
    each_below(over, path,
               [&under](const auto& entry) { under.insert_or_assign(entry.first, entry.second); });
}

void merge_tables(Tree& under, json& below, const Tree& over, const json& above,
                  const std::string& path) {
    for (const auto& [key, value] : above.items()) {
        const auto name = dotted(path, key);
        const auto found = below.find(key);
        if (found == below.end() || !found->is_object() || !value.is_object() ||
            is_secret_reference(*found) || is_secret_reference(value)) {
            below[key] = value;
            replace_origins(under.origins, over.origins, name);
            continue;
        }
        const auto origin = over.origins.find(name);
        if (origin != over.origins.end()) {
            under.origins.insert_or_assign(name, origin->second);
        }
        merge_tables(under, *found, over, value, name);
    }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
        }
    }
    return row.back();
}

} // namespace

std::string quoted_toml(const std::string& text) {
    auto out = json(text).dump(-1, ' ', false, replace);
    // The one character that JSON lets pass and TOML does not.
    for (auto at = out.find('\x7F'); at != std::string::npos; at = out.find('\x7F', at)) {
        out.replace(at, 1, "\\u007F");
    }
    return out;
}

std::string dotted(std::string_view parent, std::string_view key) {
    std::string out(parent);
    if (!out.empty()) {
        out += '.';
    }
    return out + (is_bare(key) ? std::string(key) : quoted_toml(std::string(key)));
}

std::string element(std::string_view parent, std::size_t index) {
    return std::string(parent) + '[' + std::to_string(index) + ']';
}

Origin origin_of(const Origins& origins, std::string_view key) {
    std::string at(key);
    while (!at.empty()) {
        const auto found = origins.find(at);
        if (found != origins.end()) {
            return found->second;
        }
        const auto cut = at.find_last_of(".[");
        at.resize(cut == std::string::npos ? 0 : cut);
    }
    return Origin{"default", 0, 0};
}

void merge(Tree& under, const Tree& over) {
    merge_tables(under, under.value, over, over.value, "");
}

bool is_secret_reference(const json& value) {
    return value.is_object() && value.size() == 1 && value.contains("secret") &&
           value["secret"].is_string();
}

std::string describe(const json& value) {
    switch (value.type()) {
    case json::value_t::object: return "a table";
    case json::value_t::array: return "a list";
    case json::value_t::boolean: return value.get<bool>() ? "true" : "false";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned: return "integer " + value.dump();
    case json::value_t::number_float: return "number " + value.dump();
    case json::value_t::string:
        return "string " +
               json(bounded_utf8(value.get_ref<const std::string&>(), 64)).dump(-1, ' ', true);
    default: return "nothing";
    }
}

void Problems::add(const Origin& origin, std::string_view key, std::string_view text) {
    if (++count_ > max_problems) {
        return;
    }
    std::string line = origin.text() + ": ";
    if (!key.empty()) {
        line.append(key).append(": ");
    }
    line.append(text);
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    lines_.push_back(bounded_utf8(line, max_problem_bytes));
}

std::string Problems::text() const {
    std::string out;
    for (const auto& line : lines_) {
        out += out.empty() ? line : '\n' + line;
    }
    if (count_ > lines_.size()) {
        out += "\nand " + std::to_string(count_ - lines_.size()) + " more";
    }
    return out;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
    const std::string* best = nullptr;
    std::size_t best_distance = word.size() < 5 ? 2 : 3; // one less is close enough
    if (word.size() <= 64) {
        for (const auto& candidate : known) {
            const auto distance = edit_distance(word, candidate);
            if (distance < best_distance) {
                best = &candidate;
                best_distance = distance;
            }
        }
    }
    return best == nullptr ? std::string() : " (did you mean \"" + *best + "\"?)";
}

} // namespace noa::config
