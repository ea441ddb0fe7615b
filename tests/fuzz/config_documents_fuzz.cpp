// What the config agent makes of pointers, patches, schemas, templates and references that others
// write. The first byte says which.
#include <cstdint>
#include <cstdlib>

// Parts of a plugin, which is no library.
#include "../../plugins/config/model/effective.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/config/model/policy.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/config/model/tables.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/config/model/template.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../plugins/config/store/document.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../plugins/config/store/edit.cpp"      // NOLINT(bugprone-suspicious-include)

#include "json_schema/schema.hpp"

namespace {

using noa::Json;

constexpr std::size_t most_bytes = 65536;

void must(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void pointers(const std::string& pointer) {
    const Json whole{{"a", {1, {{"b", nullptr}}}}, {"", {{"~/", true}}}};
    const auto with = config::with_value(whole, pointer, 7);
    if (with && !pointer.ends_with('-') && pointer.find("/-/") == std::string::npos) {
        const Json* found = config::value_at(*with, pointer);
        must(found != nullptr && *found == 7);
        must(config::without(*with, pointer).has_value() || pointer.empty());
    }
    static_cast<void>(config::without(whole, pointer));
}

void patches(const Json& document, const Json& steps) {
    const auto after = config::patched(document, steps, most_bytes);
    if (after && config::weight(*after, most_bytes) <= most_bytes) {
        const std::string text = config::difference(document, *after, noa::json_text(*after));
        must(text.empty() || document.patch(Json::parse(text)) == *after);
    }
}

void schemas(const Json& text, const Json& value) {
    if (const auto schema = noa::json_schema::Schema::compile(text)) {
        for (const noa::json_schema::Finding& finding : (*schema)->check(value)) {
            must(!finding.text().empty());
        }
    } else {
        must(!schema.error().text.empty());
    }
}

void templates(const Json& text, const Json& with) {
    if (!text.is_object() || !config::fault_of_template(text).empty()) {
        return;
    }
    if (const auto parameters = config::parameters_of(text, with)) {
        Json value = text["value"];
        std::size_t bytes = 0;
        static_cast<void>(config::put_parameters(value, *parameters, most_bytes, bytes));
    }
}

// Each is a document in base, and a template of that name where it may be one.
void references(const Json& documents) {
    config::Documents all;
    for (const auto& [name, value] : documents.items()) {
        for (const std::string_view layer : {config::base_layer, config::template_layer}) {
            if (value.is_object() &&
                (layer == config::base_layer || config::fault_of_template(value).empty())) {
                auto document = std::make_unique<config::Document>();
                document->key = {name, std::string(layer)};
                document->value = value;
                all[document->key] = std::move(document);
            }
        }
        static_cast<void>(config::references_in(value));
        static_cast<void>(config::fault_of_policy(value));
    }
    const config::Find find = [&](const config::Key& key) {
        const auto found = all.find(key);
        return found != all.end() ? found->second : nullptr;
    };
    for (const auto& [key, document] : all) {
        config::Effective effective(find, {most_bytes});
        const auto value = effective.value(key.name, "production");
        must(value || !value.error().text.empty());
        static_cast<void>(config::provenance(effective.documents(key.name, "production")));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096) {
        return 0;
    }
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == '0') {
        pointers(text);
        return 0;
    }
    if (data[0] == '5') {
        static_cast<void>(config::pointer_of(text));
        return 0;
    }
    const auto json = noa::sdk::parse_json_body(text);
    if (!json) {
        must(!json.error().text.empty());
        return 0;
    }
    if (data[0] == '4' && json->is_object()) {
        references(*json);
    } else if (json->is_array() && json->size() == 2) {
        switch (data[0]) {
        case '1': patches((*json)[0], (*json)[1]); break;
        case '2': schemas((*json)[0], (*json)[1]); break;
        case '3': templates((*json)[0], (*json)[1]); break;
        default: break;
        }
    }
    return 0;
}
