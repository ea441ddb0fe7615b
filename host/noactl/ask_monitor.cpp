#include "noactl/ask_monitor.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/clock.hpp"
#include "noactl/ask_agent.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

int print_monitor(const Globals& globals, const std::string& operation, const json& body,
                  const std::function<std::string(const json&)>& show,
                  std::chrono::milliseconds patience, const std::function<int(const json&)>& code) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_agent(client, "monitor", operation, body, patience);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, show);
        return code ? code(*answer) : exit_ok;
    });
}

int print_monitor_text(const Globals& globals, const std::string& operation, const json& body) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto text = ask_agent_text(client, "monitor", operation, body, monitor_timeout);
        if (!text) {
            return Failure(text.error());
        }
        print(escape_lines(*text));
        return exit_ok;
    });
}

void set_given(json& body, const char* key, const std::string& value) {
    if (!value.empty()) {
        body[key] = value;
    }
}

Result<json> labels_of(const std::vector<std::string>& given) {
    json labels = json::object();
    for (const auto& one : given) {
        const auto equals = one.find('=');
        if (equals == std::string::npos || equals == 0) {
            return fail(Errc::invalid, "read label", one, "is not NAME=VALUE");
        }
        labels[one.substr(0, equals)] = one.substr(equals + 1);
    }
    return labels;
}

std::string labels_text(const json& labels) {
    std::string out;
    for (const auto& [label, value] : labels.items()) {
        out += (out.empty() ? "" : ",") + label + "=" +
               (value.is_string() ? value.get<std::string>() : "");
    }
    return out;
}

std::string value_text(const json& value) {
    if (!value.is_number()) {
        return "";
    }
    std::array<char, 32> text{};
    constexpr int digits = 6;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value.get<double>(),
                                   std::chars_format::general, digits);
    return {text.data(), end.ptr};
}

std::string age_text(std::int64_t unix_ms) {
    const auto age = std::max<std::int64_t>(unix_ns() - unix_ms * ns_per_ms, 0);
    return unix_ms == 0 ? "" : duration_text(age);
}

std::string left_text(std::int64_t unix_ms) {
    const auto left = std::max<std::int64_t>(unix_ms * ns_per_ms - unix_ns(), 0);
    return unix_ms == 0 ? "" : duration_text(left);
}

} // namespace noa::noactl
