#include "send_request.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include <sodium/utils.h>

#include "noa/sdk/units.hpp"

namespace communication {

namespace {

constexpr std::size_t longest_id = 128;
constexpr std::size_t longest_text = 255;
constexpr std::size_t longest_metadata = 4096;

noa::sdk::Error wrong(std::string_view key, std::string_view wanted) {
    return noa::invalid("/" + std::string(key) + ": must be " + std::string(wanted));
}

bool is_word(std::string_view text, std::string_view more) {
    for (const char letter : text) {
        const bool usual = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
        if (!usual && more.find(letter) == std::string_view::npos) {
            return false;
        }
    }
    return !text.empty();
}

// One member at a time, into its place.
class Members {
public:
    explicit Members(SendRequest& request) : request_(request) {}

    noa::Status take(std::string_view key, const JsonSpan& value) {
        for (const Member& member : table) {
            if (member.key == key) {
                return (this->*member.take)(key, value);
            }
        }
        return wrong(key.substr(0, longest_text), "a known member: see describe");
    }

private:
    using Take = noa::Status (Members::*)(std::string_view, const JsonSpan&);
    struct Member {
        std::string_view key;
        Take take;
    };
    static const std::array<Member, 21> table;

    static noa::Status text(std::string_view key, const JsonSpan& value, std::string& ret_text,
                            std::size_t longest = longest_text) {
        if (value.type != JsonType::text || value.text.size() > longest + 2) {
            return wrong(key, "a text of " + std::to_string(longest) + " bytes at most");
        }
        const std::string_view plain = value.text.substr(1, value.text.size() - 2);
        ret_text = plain.find('\\') == std::string_view::npos ? std::string(plain)
                                                              : JsonScan::unescaped(value.text);
        return {};
    }
    static noa::Status word(std::string_view key, const JsonSpan& value, std::string_view more,
                            std::string& ret_text) {
        noa::Status read = text(key, value, ret_text);
        return read && !is_word(ret_text, more)
                   ? wrong(key, "letters, digits, _ and -, and maybe one of " + std::string(more))
                   : read;
    }
    static noa::Status flag(std::string_view key, const JsonSpan& value, bool& ret_flag) {
        if (value.type != JsonType::boolean) {
            return wrong(key, "true or false");
        }
        ret_flag = value.text == "true";
        return {};
    }
    static noa::Status time(std::string_view key, const JsonSpan& value, noa::Duration& ret_time) {
        std::string words;
        noa::Status read = text(key, value, words);
        const auto parsed = noa::sdk::parse_duration(words);
        if (!read || !parsed || *parsed <= noa::Duration::zero()) {
            return wrong(key, "like \"30s\", more than none");
        }
        ret_time = *parsed;
        return {};
    }
    static noa::Status date(std::string_view key, const JsonSpan& value, Millis& ret_date) {
        std::string words;
        noa::Status read = text(key, value, words);
        const auto parsed = parse_date(words);
        if (!read || !parsed || *parsed <= 0) {
            return wrong(key, "a date like \"2026-11-26T08:00:00Z\"");
        }
        ret_date = *parsed;
        return {};
    }

    noa::Status recipient(std::string_view key, const JsonSpan& value, Kind kind,
                          std::string_view more) {
        if (!request_.terms.recipient.empty() || !request_.group.empty()) {
            return wrong(key, "the only one of to, subject, group and webhook");
        }
        request_.terms.kind = kind;
        return word(key, value, more, request_.terms.recipient);
    }
    noa::Status to(std::string_view key, const JsonSpan& value) {
        return recipient(key, value, Kind::request, "");
    }
    noa::Status subject(std::string_view key, const JsonSpan& value) {
        return recipient(key, value, Kind::event, ".");
    }
    noa::Status webhook(std::string_view key, const JsonSpan& value) {
        return recipient(key, value, Kind::webhook, "");
    }
    noa::Status group(std::string_view key, const JsonSpan& value) {
        if (!request_.terms.recipient.empty()) {
            return wrong(key, "the only one of to, subject, group and webhook");
        }
        return word(key, value, "", request_.group);
    }
    noa::Status operation(std::string_view key, const JsonSpan& value) {
        return word(key, value, ".", request_.terms.operation);
    }
    noa::Status id(std::string_view key, const JsonSpan& value) {
        std::string& id = request_.terms.id;
        noa::Status read = text(key, value, id, longest_id);
        return read && (!is_word(id, ".:/@+=") || id.empty())
                   ? wrong(key, "letters, digits and ._:/@+=-, 128 at most")
                   : read;
    }
    noa::Status conversation(std::string_view key, const JsonSpan& value) {
        return text(key, value, request_.terms.conversation);
    }
    noa::Status content_type(std::string_view key, const JsonSpan& value) {
        return text(key, value, request_.terms.content_type, NOA_CONTENT_TYPE_MAX);
    }
    noa::Status only_body(std::string_view key) const {
        return request_.body().empty()
                   ? noa::Status()
                   : noa::Status(wrong(key, "the only one of body, text and base64"));
    }
    noa::Status body(std::string_view key, const JsonSpan& value) {
        if (noa::Status only = only_body(key); !only) {
            return only;
        }
        request_.json = value.text;
        return {};
    }
    noa::Status plain_text(std::string_view key, const JsonSpan& value) {
        if (noa::Status only = only_body(key); !only) {
            return only;
        }
        noa::Status read = text(key, value, request_.made, NOA_BODY_MAX);
        if (request_.terms.content_type.empty()) {
            request_.terms.content_type = "text/plain; charset=utf-8";
        }
        return read;
    }
    noa::Status base64(std::string_view key, const JsonSpan& value) {
        if (noa::Status only = only_body(key); !only) {
            return only;
        }
        std::string words;
        noa::Status read = text(key, value, words, NOA_BODY_MAX);
        auto bytes = read ? from_base64(words) : noa::Result<std::string>(read.error());
        if (!bytes) {
            return wrong(key, "base64 as in RFC 4648");
        }
        request_.made = *std::move(bytes);
        if (request_.terms.content_type.empty()) {
            request_.terms.content_type = "application/octet-stream";
        }
        return read;
    }
    noa::Status priority(std::string_view key, const JsonSpan& value) {
        const bool high = value.text == "\"high\"" || value.text == "\"urgent\"";
        const bool low = value.text == "\"low\"" || value.text == "\"bulk\"";
        if (!high && !low && value.text != "\"normal\"") {
            return wrong(key, "\"high\", \"normal\" or \"low\"");
        }
        request_.terms.priority = high  ? noa::Priority::high
                                  : low ? noa::Priority::low
                                        : noa::Priority::normal;
        return {};
    }
    noa::Status ordered(std::string_view key, const JsonSpan& value) {
        return flag(key, value, request_.terms.ordered);
    }
    noa::Status envelope(std::string_view key, const JsonSpan& value) {
        return flag(key, value, request_.terms.envelope);
    }
    noa::Status attempts(std::string_view key, const JsonSpan& value) {
        const char* end = value.text.data() + value.text.size();
        const auto [rest, error] = std::from_chars(value.text.data(), end, request_.terms.attempts);
        const bool good = error == std::errc() && rest == end && request_.terms.attempts >= 1 &&
                          request_.terms.attempts <= 100;
        return good ? noa::Status() : noa::Status(wrong(key, "1 to 100"));
    }
    noa::Status at(std::string_view key, const JsonSpan& value) {
        return date(key, value, request_.terms.due);
    }
    noa::Status deadline(std::string_view key, const JsonSpan& value) {
        return date(key, value, request_.terms.deadline);
    }
    noa::Status delay(std::string_view key, const JsonSpan& value) {
        return time(key, value, request_.delay);
    }
    noa::Status ttl(std::string_view key, const JsonSpan& value) {
        return time(key, value, request_.ttl);
    }
    noa::Status timeout(std::string_view key, const JsonSpan& value) {
        noa::Duration given{};
        noa::Status read = time(key, value, given);
        request_.terms.timeout_ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(given).count();
        return read && (request_.terms.timeout_ms < 1 || given > std::chrono::hours(1))
                   ? wrong(key, "1ms to 1h")
                   : read;
    }
    noa::Status metadata(std::string_view key, const JsonSpan& value) {
        if (value.type != JsonType::object || value.text.size() > longest_metadata) {
            return wrong(key, "an object of 4096 bytes at most");
        }
        request_.terms.metadata = value.text;
        return {};
    }

    SendRequest& request_;
};

const std::array<Members::Member, 21> Members::table{{
    {"to", &Members::to},
    {"operation", &Members::operation},
    {"body", &Members::body},
    {"id", &Members::id},
    {"priority", &Members::priority},
    {"conversation", &Members::conversation},
    {"ordered", &Members::ordered},
    {"subject", &Members::subject},
    {"group", &Members::group},
    {"webhook", &Members::webhook},
    {"text", &Members::plain_text},
    {"base64", &Members::base64},
    {"content_type", &Members::content_type},
    {"envelope", &Members::envelope},
    {"attempts", &Members::attempts},
    {"timeout", &Members::timeout},
    {"at", &Members::at},
    {"delay", &Members::delay},
    {"deadline", &Members::deadline},
    {"ttl", &Members::ttl},
    {"metadata", &Members::metadata},
}};

} // namespace

const char* const send_schema = R"({"type":"object","additionalProperties":false,"properties":{
"to":{"type":"string","description":"an agent"},
"subject":{"type":"string","description":"or a subject to publish on"},
"group":{"type":"string","description":"or a group of agents"},
"webhook":{"type":"string","description":"or an endpoint of the settings"},
"operation":{"type":"string","description":"of the agent"},
"body":{"description":"any JSON"},"text":{"type":"string"},"base64":{"type":"string"},
"content_type":{"type":"string"},
"id":{"type":"string","description":"the same id again is taken once"},
"priority":{"enum":["high","normal","low"]},
"conversation":{"type":"string"},
"ordered":{"type":"boolean","description":"one of its conversation at a time"},
"envelope":{"type":"boolean","description":"deliver what is known of it around its body"},
"attempts":{"type":"integer","minimum":1,"maximum":100},
"timeout":{"type":"string","description":"of an attempt"},
"at":{"type":"string","format":"date-time","description":"not before"},
"delay":{"type":"string","description":"not before, from now"},
"deadline":{"type":"string","format":"date-time"},
"ttl":{"type":"string","description":"its deadline, from now"},
"metadata":{"type":"object"}}})";

const char* const send_many_schema = R"({"type":"object","additionalProperties":false,
"required":["messages"],"properties":{"messages":{"type":"array","minItems":1,"maxItems":1000,
"items":{"type":"object","description":"as of send"}}}})";

noa::Status parse_members(std::string_view object, SendRequest& ret_request) {
    Members members(ret_request);
    noa::Status read =
        JsonScan::members(object, [&members](std::string_view key, const JsonSpan& value) {
            return members.take(key, value);
        });
    const Terms& terms = ret_request.terms;
    if (!read) {
        return read;
    }
    if (terms.recipient.empty() && ret_request.group.empty()) {
        return noa::invalid("/to: must be there, or subject, group or webhook");
    }
    if (terms.kind == Kind::request && terms.operation.empty()) {
        return noa::invalid("/operation: must be there");
    }
    if (terms.ordered && terms.conversation.empty()) {
        return noa::invalid("/ordered: needs a conversation");
    }
    return {};
}

noa::Status parse(std::string_view object, SendRequest& ret_request) {
    JsonScan scan(object);
    const auto whole = scan.value();
    if (!whole) {
        return whole.error();
    }
    if (noa::Status end = scan.end(); !end) {
        return end;
    }
    if (whole->type != JsonType::object) {
        return noa::invalid("body: must be an object");
    }
    return parse_members(whole->text, ret_request);
}

noa::Result<std::string> from_base64(std::string_view text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    const int failed =
        sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), "\r\n", &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
    if (failed != 0) {
        return noa::invalid("must be base64 as in RFC 4648");
    }
    bytes.resize(size);
    return bytes;
}

noa::Result<Millis> parse_date(std::string_view text) {
    std::tm parts{};
    const std::string terminated(text.substr(0, 40));
    const char* rest = ::strptime(terminated.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) {
        return noa::invalid("no date");
    }
    Millis ms = 0;
    if (*rest == '.') {
        Millis unit = 100;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) {
            ms += (*rest - '0') * unit;
        }
    }
    if (std::string_view(rest) != "Z" && std::string_view(rest) != "+00:00") {
        return noa::invalid("no date in UTC");
    }
    return static_cast<Millis>(::timegm(&parts)) * 1000 + ms;
}

std::string date_text(Millis date) {
    const std::time_t seconds = date / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string out(text.data(), size);
    return out.append(".").append(std::to_string(1000 + date % 1000).substr(1)).append("Z");
}

} // namespace communication
