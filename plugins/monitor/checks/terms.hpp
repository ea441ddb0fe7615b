// What is looked at, how often, and what counts as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../alerts/heal.hpp"
#include "noa/sdk/json.hpp"

namespace monitor {

enum class CheckKind { http, tcp, bus, process, file };

// Where a connection goes: a numeric address, or a name that is looked up for each attempt.
struct Endpoint {
    std::string host;
    std::string port;
    std::string path; // http only; begins with "/"
    bool tls = false;
    std::string ca = {}; // a file of certificates that are trusted; empty: the system's
};

struct CheckSetting {
    std::string name;
    std::string type;
    std::string target;
    noa::Duration interval = std::chrono::seconds(30);
    noa::Duration timeout = std::chrono::seconds(5);
    std::uint32_t retries = 3;
    noa::Duration pause = std::chrono::seconds(1);
    bool critical = false;
    std::vector<std::uint32_t> status = {200};
    std::string body;
    noa::Duration max_age = std::chrono::hours(24);
    std::string ca = {}; // of https
    HealSetting on_failure = {};

    static constexpr auto fields() {
        return noa::fields(noa::field("name", &CheckSetting::name),
                           noa::field("type", &CheckSetting::type),
                           noa::field("target", &CheckSetting::target),
                           noa::optional_field("interval", &CheckSetting::interval),
                           noa::optional_field("timeout", &CheckSetting::timeout),
                           noa::optional_field("retries", &CheckSetting::retries),
                           noa::optional_field("pause", &CheckSetting::pause),
                           noa::optional_field("critical", &CheckSetting::critical),
                           noa::optional_field("status", &CheckSetting::status),
                           noa::optional_field("body", &CheckSetting::body),
                           noa::optional_field("max_age", &CheckSetting::max_age),
                           noa::optional_field("ca", &CheckSetting::ca),
                           noa::optional_field("on_failure", &CheckSetting::on_failure));
    }

    [[nodiscard]] noa::Status check() const;
    // REQUIRES: check() has passed.
    [[nodiscard]] CheckKind kind() const;
    // REQUIRES: of http or tcp, check() has passed.
    [[nodiscard]] Endpoint endpoint() const;
};

// "http://HOST[:PORT][/PATH]", or https://; a host in brackets is IPv6.
[[nodiscard]] noa::Result<Endpoint> parse_url(std::string_view url);
// "HOST:PORT", "[ADDRESS]:PORT".
[[nodiscard]] noa::Result<Endpoint> parse_address(std::string_view text);

} // namespace monitor
