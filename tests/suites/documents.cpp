// As the agent config treats documents:
//
//     {"doc": …, "patch": […]}      → {"value": …} or {"error": …}
//     {"schema": …, "data": […]}    → {"valid": [true, …]} or {"refused": …}
#include "json_schema/schema.hpp"
#include "lines.hpp"
#include "store/edit.hpp"

namespace {

using noa::Json;

Json patched(const Json& document, const Json& steps) {
    auto value = config::patched(document, steps, std::size_t{1} << 20U);
    return value ? Json{{"value", *std::move(value)}} : Json{{"error", value.error().text}};
}

Json checked(const Json& text, const Json& data) {
    const auto schema = noa::json_schema::Schema::compile(text);
    if (!schema) {
        return {{"refused", schema.error().text}};
    }
    Json verdicts = Json::array();
    for (const Json& one : data) {
        verdicts.push_back((*schema)->check(one).empty());
    }
    return {{"valid", std::move(verdicts)}};
}

} // namespace

int main() {
    answer_lines([](const Json& question) {
        return question.contains("patch") ? patched(question["doc"], question["patch"])
                                          : checked(question["schema"], question["data"]);
    });
}
