// What is served where: paths, who may ask for them, and where the answers come from.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../controls/client.hpp"
#include "../http/server.hpp"
#include "../http/site.hpp"
#include "bus.hpp"
#include "settings.hpp"
#include "snapshot.hpp"

namespace console {

// Every function on the server's thread.
class Site final : public http::Site {
public:
    Site(const Settings& settings, Bus& bus) : settings_(settings), bus_(bus) {}

    // Before the server serves: who tells it of what happens.
    void open(http::Server& server);

    void take(SnapshotPtr snapshot);
    // What happened: to streams, and to WebSockets that asked for it.
    void tell(http::Topic topic, std::string_view name, std::string_view data);
    void event(std::string_view subject, std::int64_t unix_ns, std::string_view body);

    // http::Site
    [[nodiscard]] std::uint64_t body_limit(const http::Request& head) override;
    std::optional<http::Response> serve(http::Request& request, const http::Asker& asker) override;
    void heard(http::Talk& talk, std::string_view message) override;
    void ended(http::Talk& talk) override;

private:
    using Maybe = std::optional<http::Response>;
    using Asker = http::Asker;
    using Request = http::Request;

    [[nodiscard]] Maybe refusal(const Request& request) const;
    Maybe serve_probe(const Request& request, const Asker& asker);
    Maybe serve_health(const Request& request, const Asker& asker);
    Maybe serve_read(const Request& request, const Asker& asker);
    Maybe serve_known(const Request& request) const;
    Maybe serve_agent(std::string_view rest, const Asker& asker);
    Maybe serve_post(Request& request, const Asker& asker);
    Maybe serve_check(Request& request, const Asker& asker);
    Maybe serve_asset(const Request& request) const;
    [[nodiscard]] http::Response stream_of(const Request& request) const;
    [[nodiscard]] http::Response health_of_agent(std::string_view name) const;
    [[nodiscard]] http::Response recent() const;
    [[nodiscard]] bool stale() const;

    Maybe metrics(const Request& request, const Asker& asker);
    http::Response exposed(bool open);
    Maybe expose();
    Maybe describe_all(const Asker& asker);
    Maybe operation(Request& request, std::string_view rest, const Asker& asker);
    Maybe hook(Request& request, std::string_view name, const Asker& asker);
    Maybe history(const Request& request, const char* verb, const Asker& asker);
    Maybe traces(const Request& request, std::string_view trace, const Asker& asker);
    Maybe action(const Request& request, std::string_view verb, const Asker& asker);
    Maybe ask(Question question, std::function<void(Answer)> then);
    void follow_log();

    void subscribe(http::Talk& talk, const noa::Json& message, bool wanted);
    void request_of(http::Talk& talk, const noa::Json& message);
    [[nodiscard]] bool may_listen(const std::string& pattern) const;
    // Why an operation of an agent, or with "" an action, may not be asked for here.
    [[nodiscard]] std::optional<std::string> refusal_of(std::string_view agent) const;

    static constexpr std::size_t most_asks = 512;
    static constexpr std::chrono::minutes scrape_interval{2}; // the longest that is foreseen
    static constexpr std::size_t most_patterns = 64;          // of one WebSocket

    struct Told { // what a WebSocket wants, and is waiting for
        std::set<std::string> patterns;
        std::size_t asks = 0;
    };

    const Settings settings_;
    Bus& bus_;
    http::Server* server_ = nullptr;
    std::unique_ptr<Controls> controls_;
    SnapshotPtr snapshot_;
    std::size_t asks_ = 0;
    bool exposing_ = false;
    std::vector<std::pair<Asker, bool>> scrapers_; // that wait; true: for OpenMetrics
    http::Clock::time_point scraped_{};            // last
    std::int64_t exposed_round_ = -1;              // of the two that follow
    http::Text exposed_;
    http::Text exposed_open_;
    std::string described_versions_;
    http::Text described_;
    std::map<std::string, std::size_t> patterns_; // how many WebSockets want each
    std::unordered_map<http::Talk*, Told> talks_;
};

} // namespace console
