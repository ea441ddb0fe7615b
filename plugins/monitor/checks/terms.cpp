#include "terms.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace monitor {

namespace {

constexpr std::size_t longest_name = 63;
constexpr std::size_t longest_target = 1000;

std::optional<CheckKind> kind_of(std::string_view type) {
    return type == "http"      ? std::optional(CheckKind::http)
           : type == "tcp"     ? std::optional(CheckKind::tcp)
           : type == "bus"     ? std::optional(CheckKind::bus)
           : type == "process" ? std::optional(CheckKind::process)
           : type == "file"    ? std::optional(CheckKind::file)
                               : std::nullopt;
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port != 0;
}

// Nothing that could end a line of a request, or an argument.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char letter) { return letter > ' ' && letter < 0x7f; });
}

noa::Error bad(std::string_view target, std::string_view wanted) {
    return noa::invalid("target \"" + std::string(target.substr(0, longest_target)) +
                        "\": must be " + std::string(wanted));
}

noa::Status check_target(CheckKind kind, const std::string& target) {
    switch (kind) {
    case CheckKind::http: {
        const auto parsed = parse_url(target);
        return parsed ? noa::Status() : noa::Status(parsed.error());
    }
    case CheckKind::tcp: {
        const auto parsed = parse_address(target);
        return parsed ? noa::Status() : noa::Status(parsed.error());
    }
    case CheckKind::bus:
        return target.find('/') == 0 || !is_plain(target)
                   ? noa::Status(bad(target, "AGENT or AGENT/OPERATION"))
                   : noa::Status();
    case CheckKind::process:
        return target.find('/') != std::string::npos || target.size() > 15
                   ? noa::Status(bad(target, "a program's name, 15 bytes at most"))
                   : noa::Status();
    case CheckKind::file:
        return target.front() != '/' ? noa::Status(bad(target, "an absolute path")) : noa::Status();
    }
    return noa::invalid("unknown type");
}

} // namespace

noa::Result<Endpoint> parse_address(std::string_view text) {
    constexpr std::string_view wanted = "HOST:PORT or [ADDRESS]:PORT";
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !is_port(text.substr(colon + 1)) ||
        !is_plain(text)) {
        return bad(text, wanted);
    }
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.find_first_of(bracketed ? "[]/@" : "[]/@:") != std::string_view::npos) {
        return bad(text, wanted);
    }
    return Endpoint{std::string(host), std::string(text.substr(colon + 1)), {}, false};
}

noa::Result<Endpoint> parse_url(std::string_view url) {
    constexpr std::string_view wanted = "http://HOST[:PORT][/PATH] or https://…";
    const bool tls = url.starts_with("https://");
    const std::string_view scheme = tls ? "https://" : "http://";
    if (!url.starts_with(scheme) || !is_plain(url)) {
        return bad(url, wanted);
    }
    const std::string_view rest = url.substr(scheme.size());
    const auto slash = rest.find_first_of("/?#");
    std::string authority(rest.substr(0, slash));
    const std::string_view path = slash == std::string_view::npos ? "/" : rest.substr(slash);
    const auto colon = authority.rfind(':');
    if (colon == std::string::npos || authority.find(']', colon) != std::string::npos) {
        authority += tls ? ":443" : ":80";
    }
    auto endpoint = parse_address(authority);
    if (!endpoint || path.front() != '/') {
        return bad(url, wanted);
    }
    endpoint->path = path.substr(0, path.find('#'));
    endpoint->tls = tls;
    return endpoint;
}

noa::Status CheckSetting::check() const {
    using namespace std::chrono_literals;
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
    if (name.empty() || name.size() > longest_name ||
        name.find_first_not_of(letters) != std::string::npos) {
        return noa::invalid("/name: must be 1 to 63 of a-z, 0-9, \"_\", \"-\" and \".\"");
    }
    const auto known = kind_of(type);
    if (!known) {
        return noa::invalid("/type: must be http, tcp, bus, process or file");
    }
    if (target.empty() || target.size() > longest_target ||
        target.find('\0') != std::string::npos) {
        return noa::invalid("/target: must be 1 to 1000 bytes");
    }
    if (interval < 1s || interval > 24h || timeout < 10ms || timeout > 5min || retries > 20 ||
        pause < 1ms || pause > 5min) {
        return noa::invalid("/interval must be 1s to 1d, /timeout 10ms to 5min, /retries 20 at "
                            "most, /pause 1ms to 5min");
    }
    if (!ca.empty() && (ca.front() != '/' || !target.starts_with("https://"))) {
        return noa::invalid("/ca: must be an absolute path, and the target https://…");
    }
    return check_target(*known, target);
}

CheckKind CheckSetting::kind() const {
    return *kind_of(type);
}

Endpoint CheckSetting::endpoint() const {
    Endpoint endpoint = kind() == CheckKind::http ? *parse_url(target) : *parse_address(target);
    endpoint.ca = ca;
    return endpoint;
}

} // namespace monitor
