// Paths, and what is known without asking anybody.
#include "site.hpp"

#include <algorithm>

#include "../http/hub.hpp"
#include "../http/target.hpp"
#include "../page/assets.hpp"

namespace console {

namespace {

using http::Field;
using http::Method;
using http::Response;

constexpr std::uint64_t largest_operation = 16U << 20U;
constexpr std::uint64_t largest_hook = 10U << 20U;
constexpr std::uint64_t largest_check = 4U << 20U; // a form is up to three times its text
constexpr std::uint64_t largest_action = 64U << 10U;
constexpr std::chrono::seconds largest_delay{2}; // of an answer of the host

bool is_reading(const http::Request& request) noexcept {
    return request.method == Method::get || request.method == Method::head;
}

// What stands behind `prefix`; none when it is not there.
std::optional<std::string_view> behind(std::string_view path, std::string_view prefix) {
    return path.starts_with(prefix) ? std::optional(path.substr(prefix.size())) : std::nullopt;
}

Response known(unsigned status, const http::Text& text) {
    Response response;
    response.status = status;
    response.body = text;
    return response;
}

Response not_allowed(std::string_view allow) {
    Response response = http::failure(405, "not by this method");
    response.allow = allow;
    return response;
}

Response nothing_there() {
    return http::failure(404, "there is nothing here");
}

} // namespace

std::uint64_t Site::body_limit(const Request& head) {
    const std::string& path = head.target.path;
    if (head.method != Method::post || head.entrance != http::Entrance::main) {
        return 0;
    }
    return path.starts_with("/hooks/")         ? largest_hook
           : path.starts_with("/api/agents/")  ? largest_operation
           : path.starts_with("/api/actions/") ? largest_action
           : path == "/v2/check"               ? largest_check
                                               : 0;
}

// Only pages of this very address may read and write here, whatever name leads to it.
Site::Maybe Site::refusal(const Request& request) const {
    if (!http::is_own_host(request[Field::host], settings_.hosts)) {
        return http::failure(421, "this host goes by another name: /hosts of the settings");
    }
    const std::string& origin = request[Field::origin];
    if (!origin.empty() && !http::is_own_origin(origin, request[Field::host])) {
        return http::failure(403, "a page of another origin may not ask here");
    }
    const std::string& site = request[Field::fetch_site];
    const bool own = site.empty() || site == "same-origin" || site == "none";
    if (!own && !(is_reading(request) && request.target.path == "/")) {
        return http::failure(403, "a page of another site may not ask here");
    }
    return std::nullopt;
}

Site::Maybe Site::serve(Request& request, const Asker& asker) {
    if (request.entrance == http::Entrance::probe) {
        return serve_probe(request, asker);
    }
    if (const auto name = behind(request.target.path, "/hooks/")) {
        return request.method == Method::post ? hook(request, *name, asker) : not_allowed("POST");
    }
    if (behind(request.target.path, "/v2/")) {
        return serve_check(request, asker);
    }
    if (auto refused = refusal(request)) {
        return refused;
    }
    return is_reading(request)              ? serve_read(request, asker)
           : request.method == Method::post ? serve_post(request, asker)
                                            : Maybe(not_allowed("GET, HEAD, POST"));
}

Site::Maybe Site::serve_probe(const Request& request, const Asker& asker) {
    if (!is_reading(request)) {
        return not_allowed("GET, HEAD");
    }
    if (request.target.path == "/metrics" && !settings_.probe_metrics) {
        return nothing_there();
    }
    auto served = serve_health(request, asker);
    return served || request.target.path == "/metrics" ? std::move(served) : nothing_there();
}

bool Site::stale() const {
    constexpr int missing = 3;
    return !snapshot_ ||
           http::Clock::now() - snapshot_->made > missing * settings_.refresh + largest_delay;
}

// What probes ask for: nothing else is served by their listener.
Site::Maybe Site::serve_health(const Request& request, const Asker& asker) {
    const std::string& path = request.target.path;
    if (path == "/metrics") {
        return metrics(request, asker);
    }
    const auto agent = behind(path, "/health/");
    if (path != "/health" && path != "/ready" && !agent) {
        return std::nullopt;
    }
    if (stale()) {
        static const http::Text text = http::text_of(
            R"({"status":"unhealthy","text":"there has been no word of the host lately"})");
        return known(503, text);
    }
    if (agent) {
        return health_of_agent(*agent);
    }
    return path == "/ready" ? known(snapshot_->ready ? 200 : 503, snapshot_->readiness)
                            : known(snapshot_->well ? 200 : 503, snapshot_->short_health);
}

Response Site::health_of_agent(std::string_view name) const {
    const auto found = snapshot_->by_agent.find(std::string(name));
    return found == snapshot_->by_agent.end()
               ? http::failure(404, "there is no such agent")
               : known(found->second.well ? 200 : 503, found->second.text);
}

Site::Maybe Site::serve_read(const Request& request, const Asker& asker) {
    const std::string& path = request.target.path;
    if (path == "/metrics" || path == "/ready" || path.starts_with("/health")) {
        auto served = serve_health(request, asker);
        return served || path == "/metrics" ? std::move(served) : nothing_there();
    }
    if (!path.starts_with("/api/")) {
        return serve_asset(request);
    }
    if (path == "/api/sse") {
        return stream_of(request);
    }
    if (path == "/api/ws") {
        Response response = http::failure(426, "a WebSocket is wanted here");
        if (http::same_word(request[Field::upgrade], "websocket")) {
            response.then = http::Then::web_socket;
        }
        return response;
    }
    for (const char* verb : {"reloads", "events", "logs"}) {
        if (path.substr(5) == verb) {
            return history(request, verb, asker);
        }
    }
    if (path == "/api/traces") {
        return traces(request, {}, asker);
    }
    if (const auto trace = behind(path, "/api/traces/")) {
        return traces(request, *trace, asker);
    }
    if (path == "/api/openapi.json") {
        return describe_all(asker);
    }
    if (const auto agent = behind(path, "/api/agents/")) {
        return serve_agent(*agent, asker);
    }
    return serve_known(request);
}

Site::Maybe Site::serve_known(const Request& request) const {
    const std::string& path = request.target.path;
    if (path == "/api/settings") {
        const auto refresh =
            std::chrono::duration_cast<std::chrono::milliseconds>(settings_.refresh);
        return http::json_response(200, noa::json_text({{"actions", settings_.actions},
                                                        {"drafts", settings_.drafts},
                                                        {"refresh_ms", refresh.count()}}));
    }
    const bool is_known = path == "/api/health" || path == "/api/status" ||
                          path == "/api/metrics" || path == "/api/metrics/recent" ||
                          path == "/api/agents" || path == "/api/alerts";
    if (!is_known) {
        return nothing_there();
    }
    if (!snapshot_) {
        return http::failure(503, "nothing is known of the host yet");
    }
    if (path == "/api/metrics/recent") {
        return recent();
    }
    const http::Text& text = path == "/api/health"    ? snapshot_->health
                             : path == "/api/status"  ? snapshot_->status
                             : path == "/api/metrics" ? snapshot_->metrics
                             : path == "/api/agents"  ? snapshot_->agents
                                                      : snapshot_->alerts;
    return text ? known(200, text) : http::failure(503, "the agent monitor does not answer");
}

Response Site::recent() const {
    std::string out = "[";
    for (const http::Text& point : snapshot_->recent) {
        out.append(out.size() > 1 ? "," : "").append(*point);
    }
    out += ']';
    return http::json_response(200, std::move(out));
}

Site::Maybe Site::serve_asset(const Request& request) const {
    const page::Asset* asset = page::find(request.target.path);
    if (asset == nullptr) {
        return nothing_there();
    }
    Response response;
    response.type = asset->type;
    response.tag = asset->tag;
    if (request[Field::if_none_match].find(response.tag) != std::string::npos) {
        response.status = 304;
        return response;
    }
    response.encoding = "gzip";
    response.body = asset->body();
    return response;
}

Response Site::stream_of(const Request& request) const {
    Response response;
    if (request.method == Method::head) {
        return response;
    }
    response.then = http::Then::stream;
    response.topics =
        http::Topic::status | http::Topic::alert | http::Topic::reload | http::Topic::event;
    if (const std::string* wanted = request.target.find("log"); wanted != nullptr) {
        response.topics |= http::Topic::log;
    }
    return response;
}

Site::Maybe Site::serve_post(Request& request, const Asker& asker) {
    const std::string& path = request.target.path;
    const auto rest = behind(path, "/api/agents/");
    const auto verb = behind(path, "/api/actions/");
    if (!rest && !verb) {
        return page::find(path) != nullptr ? not_allowed("GET, HEAD") : nothing_there();
    }
    const std::string_view type = request[Field::content_type];
    if (!http::same_word(type.substr(0, type.find(';')), "application/json")) {
        return http::failure(415, "Content-Type: application/json is wanted");
    }
    if (const auto why = refusal_of(rest ? rest->substr(0, rest->find('/')) : "")) {
        return http::failure(403, *why);
    }
    return verb ? action(request, *verb, asker) : operation(request, *rest, asker);
}

void Site::take(SnapshotPtr snapshot) {
    const bool another = !snapshot_ || snapshot_->round != snapshot->round;
    snapshot_ = std::move(snapshot);
    if (another && exposed_ && http::Clock::now() - scraped_ < scrape_interval) {
        static_cast<void>(expose()); // it will be asked for again
    }
    server_->hub().publish(http::Topic::status, "", *snapshot_->status, http::Keep::last);
}

void Site::tell(http::Topic topic, std::string_view name, std::string_view data) {
    server_->hub().publish(topic, name, data,
                           topic == http::Topic::log ? http::Keep::no : http::Keep::yes);
}

} // namespace console
