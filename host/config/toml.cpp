#include "config/toml.hpp"

#include <cmath>
#include <exception>
#include <sstream>

#include "base/utf8.hpp"
#include "config/nesting.hpp"

// This is the only file that sees toml++: its assertions abort on some invalid texts, and two
// settings of its macros in one program would break the one-definition rule.
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

namespace noa::config {

using nlohmann::json;

namespace {

constexpr unsigned max_depth = 32;
constexpr unsigned max_key_dots = 16;
constexpr std::size_t max_key_bytes = 128;

class Converter {
public:
    Converter(const std::string& source, Tree& tree, Problems& problems)
        : source_(source), tree_(tree), problems_(problems) {}

    json table(const toml::table& from, const std::string& path, unsigned depth) {
        json out = json::object();
        for (const auto& [key, value] : from) {
            const auto origin = origin_at(key.source());
            if (key.str().size() > max_key_bytes) {
                problems_.add(origin, path, "a key is longer than 128 bytes");
                continue;
            }
            const auto name = dotted(path, key.str());
            tree_.origins.insert_or_assign(name, origin);
            out[std::string(key.str())] = convert(value, name, depth + 1);
        }
        return out;
    }

private:
    [[nodiscard]] Origin origin_at(const toml::source_region& region) const {
        return {source_, region.begin.line, region.begin.column};
    }

    json array(const toml::array& from, const std::string& path, unsigned depth) {
        json out = json::array();
        for (const auto& value : from) {
            const auto name = element(path, out.size());
            tree_.origins.insert_or_assign(name, origin_at(value.source()));
            out.push_back(convert(value, name, depth + 1));
        }
        return out;
    }

    json number(const toml::node& node, const std::string& path) {
        const double value = node.as_floating_point()->get();
        if (!std::isfinite(value)) {
            problems_.add(origin_at(node.source()), path, "expected a finite number");
            return nullptr;
        }
        return value;
    }

    template <class Time>
    static json time(const Time& value) {
        std::ostringstream text;
        text << value;
        return text.str();
    }

    json convert(const toml::node& node, const std::string& path, unsigned depth) {
        if (depth > max_depth) {
            problems_.add(origin_at(node.source()), path, "nested deeper than 32 levels");
            return nullptr;
        }
        switch (node.type()) {
        case toml::node_type::table: return table(*node.as_table(), path, depth);
        case toml::node_type::array: return array(*node.as_array(), path, depth);
        case toml::node_type::string: return node.as_string()->get();
        case toml::node_type::integer: return node.as_integer()->get();
        case toml::node_type::floating_point: return number(node, path);
        case toml::node_type::boolean: return node.as_boolean()->get();
        case toml::node_type::date: return time(node.as_date()->get());
        case toml::node_type::time: return time(node.as_time()->get());
        case toml::node_type::date_time: return time(node.as_date_time()->get());
        case toml::node_type::none: break;
        }
        return nullptr;
    }

    const std::string& source_;
    Tree& tree_;
    Problems& problems_;
};

} // namespace

Tree parse_toml(std::string_view text, const std::string& source, Problems& problems) {
    Tree tree;
    if (text.size() > max_toml_bytes) {
        problems.add({source, 0, 0}, "", "larger than 1 MiB");
        return tree;
    }
    if (const auto deep = find_deep_key(text, max_key_dots)) {
        problems.add({source, deep->line, deep->column}, "", "a key has more than 16 parts");
        return tree;
    }
    try {
        const auto parsed = toml::parse(text);
        tree.value = Converter(source, tree, problems).table(parsed, "", 0);
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        problems.add({source, at.line, at.column}, "", bounded_utf8(error.description(), 300));
    } catch (const std::exception& error) {
        problems.add({source, 0, 0}, "", bounded_utf8(error.what(), 300));
    }
    return tree;
}

json parse_toml_value(std::string_view text) {
    const json none(json::value_t::discarded);
    // One key of one line: nothing else may be smuggled in.
    if (text.find_first_of("\r\n") != std::string_view::npos) {
        return none;
    }
    Problems problems;
    auto tree = parse_toml("value = " + std::string(text), "", problems);
    const bool one = problems.empty() && tree.value.size() == 1 && tree.value.contains("value");
    return one ? tree.value["value"] : none;
}

} // namespace noa::config
