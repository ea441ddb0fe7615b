// Any line at all: a request, an answer or an error, never a crash; what parses also prints.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/manifest.hpp"
#include "control/protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace noa::control;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto request = parse_request(text)) {
        const auto line = request_line(request->verb, request->args);
        const auto again = parse_request(std::string_view(line).substr(0, line.size() - 1));
        if (!again || again->verb != request->verb) {
            __builtin_trap();
        }
        static_cast<void>(get_body(request->args));
    }
    if (const auto answer = parse_answer(text)) {
        static_cast<void>(answer_line(answer->kind, answer->value));
        static_cast<void>(error_from_json(answer->value).text());
    }
    if (const auto manifest = parse_manifest(text)) {
        static_cast<void>(manifest_to_override(*manifest));
    }
    nlohmann::json object = nlohmann::json::object();
    put_body(object, text);
    if (const auto body = get_body(object); !body || *body != text) {
        __builtin_trap();
    }
    return 0;
}
