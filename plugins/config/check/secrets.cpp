#include "secrets.hpp"

#include "../store/edit.hpp"
#include "json_schema/reference.hpp"

namespace config {

namespace {

using noa::Json;
using noa::json_schema::Finding;
using noa::json_schema::reference_in;
using noa::json_schema::referred;

constexpr std::size_t most_told = 20;

class Search {
public:
    std::vector<Finding> findings;

    explicit Search(const Json& root) : root_(root) {}

    // Ends: sound schemas have no references that lead back to themselves.
    void walk(const Json& schema, const Json& value, const std::string& pointer) {
        if (!schema.is_object() || findings.size() == most_told) {
            return;
        }
        const auto flag = schema.find("writeOnly");
        if (flag != schema.end() && *flag == true) {
            if (!is_reference(value)) {
                findings.push_back({pointer, R"({"$secret": …}: it is writeOnly)", "a value"});
            }
            return;
        }
        if (const auto reference = schema.find("$ref");
            reference != schema.end() && reference->is_string()) {
            const auto& text = reference->get_ref<const std::string&>();
            if (const Json* there =
                    value_at(root_, text.substr(std::min<std::size_t>(1, text.size())))) {
                walk(*there, value, pointer);
            }
        }
        for (const char* all : {"allOf", "anyOf", "oneOf"}) {
            if (const auto parts = schema.find(all); parts != schema.end() && parts->is_array()) {
                for (const Json& part : *parts) {
                    walk(part, value, pointer);
                }
            }
        }
        walk_children(schema, value, pointer);
    }

private:
    static bool is_reference(const Json& value) {
        return value.is_object() && value.size() == 1 && value.contains("$secret");
    }

    void walk_children(const Json& schema, const Json& value, const std::string& pointer) {
        if (value.is_array()) {
            const auto items = schema.find("items");
            for (std::size_t at = 0; items != schema.end() && at < value.size(); ++at) {
                const bool each = !items->is_array();
                if (each || at < items->size()) {
                    walk(each ? *items : (*items)[at], value[at],
                         pointer + "/" + std::to_string(at));
                }
            }
            return;
        }
        if (!value.is_object()) {
            return;
        }
        const auto named = schema.find("properties");
        const auto others = schema.find("additionalProperties");
        for (const auto& [key, child] : value.items()) {
            if (named != schema.end() && named->is_object() && named->contains(key)) {
                walk((*named)[key], child, child_pointer(pointer, key));
            } else if (others != schema.end()) {
                walk(*others, child, child_pointer(pointer, key));
            }
        }
    }

    const Json& root_;
};

} // namespace

std::vector<Finding> plain_secrets(const Json& schema, const Json& value) {
    Search search(schema);
    search.walk(schema, value, "");
    return std::move(search.findings);
}

} // namespace config
