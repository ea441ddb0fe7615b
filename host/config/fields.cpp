#include "config/fields.hpp"

#include <algorithm>
#include <optional>

#include "config/quantity.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

constexpr std::size_t max_texts = 256;
constexpr std::size_t max_text_bytes = 4096;

std::string range(const std::string& min, const std::string& max) {
    return " from " + min + " to " + max;
}

// A text that can be a path, a name or a word: bounded, without control characters.
bool is_plain(const std::string& text) {
    return text.size() <= max_text_bytes &&
           std::none_of(text.begin(), text.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

} // namespace

Fields::Fields(const Tree& tree, const json& table, std::string path, Problems& problems)
    : tree_(tree), table_(table), path_(std::move(path)), problems_(problems) {}

const json* Fields::find(std::string_view key) {
    known_.emplace_back(key);
    const auto found = table_.find(std::string(key));
    return found == table_.end() ? nullptr : &*found;
}

void Fields::problem(std::string_view key, std::string_view text) const {
    const auto name = dotted(path_, key);
    problems_.add(origin_of(tree_.origins, name), name, text);
}

void Fields::expected(std::string_view key, std::string_view what, const json& found) const {
    problem(key, "expected " + std::string(what) + ", found " + describe(found));
}

bool Fields::boolean(std::string_view key, bool& into) {
    const auto* value = find(key);
    if (value == nullptr) {
        return false;
    }
    if (!value->is_boolean()) {
        expected(key, "true or false", *value);
        return false;
    }
    into = value->get<bool>();
    return true;
}

void Fields::integer(std::string_view key, std::uint32_t& into, std::uint32_t min,
                     std::uint32_t max) {
    const auto* value = find(key);
    if (value == nullptr) {
        return;
    }
    const auto number = value->is_number_integer() ? value->get<std::int64_t>() : -1;
    if (!value->is_number_integer() || number < min || number > max) {
        expected(key, "an integer" + range(std::to_string(min), std::to_string(max)), *value);
        return;
    }
    into = static_cast<std::uint32_t>(number);
}

void Fields::real(std::string_view key, double& into, double min, double max) {
    const auto* value = find(key);
    if (value == nullptr) {
        return;
    }
    const auto number = value->is_number() ? value->get<double>() : min - 1;
    if (!(number >= min && number <= max)) {
        expected(key, "a number" + range(nlohmann::json(min).dump(), nlohmann::json(max).dump()),
                 *value);
        return;
    }
    into = number;
}

void Fields::text(std::string_view key, std::string& into) {
    if (const auto* value = find(key)) {
        if (value->is_string() && is_plain(value->get_ref<const std::string&>())) {
            into = value->get<std::string>();
        } else {
            expected(key, "a text of one line", *value);
        }
    }
}

void Fields::choice(std::string_view key, std::string& into,
                    std::span<const std::string_view> choices) {
    const auto* value = find(key);
    if (value == nullptr) {
        return;
    }
    std::string wanted;
    for (const auto choice : choices) {
        if (value->is_string() && value->get_ref<const std::string&>() == choice) {
            into = choice;
            return;
        }
        wanted += (wanted.empty() ? "\"" : ", \"") + std::string(choice) + '"';
    }
    expected(key, (choices.size() == 1 ? "" : "one of ") + wanted, *value);
}

void Fields::level(std::string_view key, Level& into) {
    if (const auto* value = find(key)) {
        const auto level =
            value->is_string() ? parse_level(value->get_ref<const std::string&>()) : std::nullopt;
        if (level) {
            into = *level;
        } else {
            expected(key, R"(one of "debug", "info", "warning", "error")", *value);
        }
    }
}

bool Fields::duration_value(std::string_view key, std::chrono::microseconds& into,
                            std::chrono::microseconds min, std::chrono::microseconds max) {
    const auto* value = find(key);
    if (value == nullptr) {
        return false;
    }
    const auto parsed =
        value->is_string() ? parse_duration(value->get_ref<const std::string&>()) : std::nullopt;
    if (!parsed) {
        expected(key, R"(a duration such as "100ms", "60s", "10min" or "1h")", *value);
        return false;
    }
    if (*parsed < min || *parsed > max) {
        expected(key, "a duration" + range(render_duration(min), render_duration(max)), *value);
        return false;
    }
    into = *parsed;
    return true;
}

void Fields::duration(std::string_view key, std::chrono::milliseconds& into,
                      std::chrono::milliseconds min, std::chrono::milliseconds max) {
    std::chrono::microseconds value{};
    if (!duration_value(key, value, min, max)) {
        return;
    }
    if (value % std::chrono::milliseconds(1) != std::chrono::microseconds::zero()) {
        problem(key, "expected whole milliseconds, found " + render_duration(value));
        return;
    }
    into = std::chrono::duration_cast<std::chrono::milliseconds>(value);
}

void Fields::duration(std::string_view key, std::chrono::microseconds& into,
                      std::chrono::microseconds min, std::chrono::microseconds max) {
    duration_value(key, into, min, max);
}

void Fields::size(std::string_view key, std::uint64_t& into, std::uint64_t min, std::uint64_t max) {
    const auto* value = find(key);
    if (value == nullptr) {
        return;
    }
    std::optional<std::uint64_t> bytes;
    if (value->is_string()) {
        bytes = parse_size(value->get_ref<const std::string&>());
    } else if (value->is_number_integer() && value->get<std::int64_t>() >= 0) {
        bytes = value->get<std::uint64_t>();
    }
    if (!bytes) {
        expected(key, R"(a size such as "48MiB", or bytes)", *value);
    } else if (*bytes < min || *bytes > max) {
        expected(key, "a size" + range(render_size(min), render_size(max)), *value);
    } else {
        into = *bytes;
    }
}

void Fields::texts(std::string_view key, std::vector<std::string>& into) {
    if (const auto* value = find(key)) {
        if (auto texts = texts_of(key, *value, "a list of at most 256 texts")) {
            into = std::move(*texts);
        }
    }
}

void Fields::arguments(std::string_view key, std::vector<std::string>& into) {
    if (const auto* value = find(key)) {
        auto texts = texts_of(key, *value, R"(a list such as ["pg_isready", "-q"])", true);
        if (texts && texts->empty()) {
            expected(key, R"(a list such as ["pg_isready", "-q"])", *value);
        } else if (texts) {
            into = std::move(*texts);
        }
    }
}

// `value`, which is what `key` says or was made of it.
std::optional<std::vector<std::string>> Fields::texts_of(std::string_view key, const json& value,
                                                         std::string_view wanted,
                                                         bool repeated) const {
    if (!value.is_array() || value.size() > max_texts) {
        expected(key, wanted, value);
        return std::nullopt;
    }
    std::vector<std::string> out;
    const auto name = dotted(path_, key);
    for (const auto& item : value) {
        const auto where = element(name, out.size());
        const auto origin = origin_of(tree_.origins, where);
        if (!item.is_string() || item.empty() || !is_plain(item.get_ref<const std::string&>())) {
            problems_.add(origin, where, "expected a text of one line, found " + describe(item));
            return std::nullopt;
        }
        if (!repeated &&
            std::find(out.begin(), out.end(), item.get_ref<const std::string&>()) != out.end()) {
            problems_.add(origin, where, describe(item) + " is there twice");
            return std::nullopt;
        }
        out.push_back(item.get<std::string>());
    }
    return out;
}

void Fields::dependencies(std::string_view key, std::vector<std::string>& names,
                          std::vector<std::string>& optional) {
    const auto* value = find(key);
    if (value == nullptr) {
        return;
    }
    auto plain = *value; // with the names alone
    std::vector<std::string> tolerated;
    std::size_t index = 0;
    for (auto& item : plain) {
        const auto where = element(dotted(path_, key), index++);
        if (!item.is_object()) {
            continue;
        }
        std::string name;
        bool is_optional = false;
        Fields fields(tree_, item, where, problems_);
        fields.text("name", name);
        fields.boolean("optional", is_optional);
        fields.finish();
        if (is_optional) {
            tolerated.push_back(name);
        }
        item = name;
    }
    if (auto found = texts_of(key, plain, "a list of at most 256 texts")) {
        names = std::move(*found);
        optional = std::move(tolerated);
    }
}

const json* Fields::table(std::string_view key) {
    const auto* value = find(key);
    if (value != nullptr && !value->is_object()) {
        expected(key, "a table", *value);
        return nullptr;
    }
    return value;
}

Fields Fields::below(std::string_view key) {
    static const auto nothing = json::object();
    const auto* found = table(key);
    return {tree_, found != nullptr ? *found : nothing, dotted(path_, key), problems_};
}

std::vector<std::string> Fields::keys() const {
    std::vector<std::string> all;
    for (const auto& entry : table_.items()) {
        all.push_back(entry.key());
    }
    return all;
}

void Fields::finish() const {
    for (const auto& [key, value] : table_.items()) {
        if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
            problem(key, "unknown key" + suggestion(key, known_));
        }
    }
}

} // namespace noa::config
