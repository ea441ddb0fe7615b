#include "control/protocol.hpp"

#include <algorithm>
#include <array>

#include <sodium/utils.h>

#include "base/utf8.hpp"

namespace noa::control {

namespace {

constexpr std::array all_codes{Errc::invalid, Errc::not_found, Errc::refused,
                               Errc::busy,    Errc::timed_out, Errc::unavailable,
                               Errc::denied,  Errc::system,    Errc::internal};

struct Shape {
    std::size_t depth = 0;
    std::size_t elements = 0;
};

// Exact for valid JSON, an upper bound for what a parser reaches in anything else.
Shape shape_of(std::string_view text) noexcept {
    Shape shape;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
            continue;
        }
        switch (c) {
        case '"': in_string = true; break;
        case '{':
        case '[':
            ++shape.elements;
            shape.depth = std::max(shape.depth, ++depth);
            break;
        case '}':
        case ']': depth -= depth > 0 ? 1U : 0U; break;
        case ',':
        case ':': ++shape.elements; break;
        default: break;
        }
    }
    return shape;
}

constexpr std::string_view kind_name(AnswerKind kind) noexcept {
    switch (kind) {
    case AnswerKind::progress: return "progress";
    case AnswerKind::event: return "event";
    case AnswerKind::ok: return "ok";
    case AnswerKind::error: return "error";
    }
    return "error";
}

std::string dump(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_or_empty(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Failure bad_request(std::string reason, std::string advice = {}) {
    return fail(Errc::invalid, "read request", {}, std::move(reason), std::move(advice));
}

Result<void> check_version(const nlohmann::json& object) {
    const auto version = object.find("v");
    if (version == object.end()) {
        return bad_request("the version is missing", "write \"v\":1");
    }
    if (!version->is_number_integer() || *version != protocol_version) {
        return fail(Errc::refused, "read request", {},
                    "protocol version: wanted 1, found " + dump(*version).substr(0, 40),
                    "use a noactl of this host's version");
    }
    return {};
}

// Bytes a JSON string takes, without its quotes.
std::size_t escaped_size(std::string_view text) noexcept {
    std::size_t size = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool short_escape = c == '"' || c == '\\' || (byte >= 0x08 && byte <= 0x0d);
        size += short_escape ? 2U : (byte < 0x20 ? 6U : 1U);
    }
    return size;
}

} // namespace

Result<nlohmann::json> parse_json(std::string_view text, std::string_view what,
                                  const JsonLimits& limits) {
    const Shape shape = shape_of(text);
    if (shape.depth > limits.depth) {
        return fail(Errc::invalid, "parse JSON", std::string(what),
                    "nested " + std::to_string(shape.depth) + " deep, at most " +
                        std::to_string(limits.depth) + " allowed");
    }
    if (shape.elements > limits.elements) {
        return fail(Errc::invalid, "parse JSON", std::string(what),
                    "more than " + std::to_string(limits.elements) + " values");
    }
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception& error) {
        // "[json.exception.parse_error.101] parse error at line 1, column 5: …"
        std::string reason = error.what();
        if (const auto end = reason.find("] "); end != std::string::npos) {
            reason.erase(0, end + 2);
        }
        if (reason.size() > 300) {
            reason.resize(300);
        }
        return fail(Errc::invalid, "parse JSON", std::string(what), std::move(reason));
    }
}

Result<Request> parse_request(std::string_view line) {
    auto parsed = parse_json(line, "request");
    if (!parsed) {
        return Failure(std::move(parsed.error()));
    }
    if (!parsed->is_object()) {
        return bad_request("wanted a JSON object, found " + std::string(parsed->type_name()),
                           R"(write {"v":1,"verb":"status","args":{}})");
    }
    if (auto version = check_version(*parsed); !version) {
        return Failure(std::move(version.error()));
    }
    Request request;
    for (auto& [key, value] : parsed->items()) {
        if (key == "verb" && value.is_string()) {
            request.verb = value.get<std::string>();
        } else if (key == "args" && value.is_object()) {
            request.args = std::move(value);
        } else if (key == "verb" || key == "args") {
            return bad_request(key + ": wanted " + (key == "verb" ? "text" : "an object") +
                               ", found " + value.type_name());
        } else if (key != "v") {
            return bad_request("unknown key \"" + key.substr(0, 64) + "\"",
                               "only v, verb and args are known");
        }
    }
    if (request.verb.empty() || request.verb.size() > 64) {
        return bad_request("the verb is missing or too long");
    }
    return request;
}

std::string request_line(std::string_view verb, const nlohmann::json& args) {
    return dump({{"v", protocol_version}, {"verb", verb}, {"args", args}}) + "\n";
}

Result<Answer> parse_answer(std::string_view line) {
    auto parsed = parse_json(line, "answer", answer_limits);
    if (!parsed) {
        return Failure(std::move(parsed.error()));
    }
    if (parsed->is_object() && parsed->size() == 1) {
        for (const auto kind :
             {AnswerKind::progress, AnswerKind::event, AnswerKind::ok, AnswerKind::error}) {
            if (const auto found = parsed->find(kind_name(kind)); found != parsed->end()) {
                return Answer{kind, std::move(*found)};
            }
        }
    }
    return fail(Errc::invalid, "read answer", {},
                "wanted one of progress, event, ok, error in each line",
                "is this the control socket of a host?");
}

std::string answer_line(AnswerKind kind, const nlohmann::json& value) {
    std::string line = "{\"";
    line += kind_name(kind);
    line += "\":";
    line += dump(value);
    line += "}\n";
    return line;
}

nlohmann::json error_to_json(const Error& error) {
    return {{"code", name_of(error.code)}, {"attempt", error.attempt}, {"object", error.object},
            {"reason", error.reason},      {"advice", error.advice},   {"text", error.text()}};
}

Error error_from_json(const nlohmann::json& value) {
    Error error;
    if (!value.is_object()) {
        error.attempt = "read answer";
        error.reason = "the error is not an object";
        return error;
    }
    error.code = parse_errc(text_or_empty(value, "code")).value_or(Errc::internal);
    error.attempt = text_or_empty(value, "attempt");
    error.object = text_or_empty(value, "object");
    error.reason = text_or_empty(value, "reason");
    error.advice = text_or_empty(value, "advice");
    return error;
}

std::optional<Errc> parse_errc(std::string_view name) noexcept {
    for (const auto code : all_codes) {
        if (name_of(code) == name) {
            return code;
        }
    }
    return std::nullopt;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point.valid) {
            return false;
        }
        text.remove_prefix(point.bytes);
    }
    return true;
}

void put_body(nlohmann::json& object, std::string_view body) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    const std::size_t encoded = sodium_base64_encoded_len(body.size(), variant);
    if (is_utf8(body) && escaped_size(body) <= std::max<std::size_t>(encoded, 1024)) {
        object["body"] = std::string(body);
        return;
    }
    std::string text(encoded, '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(body.data()),
                      body.size(), variant);
    text.pop_back(); // the terminator
    object["body_base64"] = std::move(text);
}

Result<std::string> get_body(const nlohmann::json& object) {
    const auto plain = object.find("body");
    const auto encoded = object.find("body_base64");
    const bool has_plain = plain != object.end();
    const bool has_encoded = encoded != object.end();
    if (!has_plain && !has_encoded) {
        return std::string();
    }
    if (has_plain && has_encoded) {
        return fail(Errc::invalid, "read body", {}, "both body and body_base64 are given");
    }
    if (!(has_plain ? *plain : *encoded).is_string()) {
        return fail(Errc::invalid, "read body", has_plain ? "body" : "body_base64", "wanted text",
                    "a JSON body travels as the text of that JSON");
    }
    if (has_plain) {
        return plain->get<std::string>();
    }
    const auto& text = encoded->get_ref<const std::string&>();
    std::string body(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(body.data()), body.size(), text.data(),
                          text.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        return fail(Errc::invalid, "read body", "body_base64", "not base64");
    }
    body.resize(size);
    return body;
}

} // namespace noa::control
