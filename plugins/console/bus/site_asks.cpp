// What others have to be asked for: agents over the bus, the host over its control socket.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "../api/exposition.hpp"
#include "../api/json_reads.hpp"
#include "../api/open_api.hpp"
#include "../api/outcome.hpp"
#include "../http/hub.hpp"
#include "../http/target.hpp"
#include "base64.hpp"
#include "site.hpp"

namespace console {

namespace {

using http::Field;
using http::Response;
using noa::Json;

constexpr std::size_t longest_name = 63;
constexpr std::size_t longest_operation = 255;
constexpr std::size_t most_described = 256;
constexpr std::size_t most_lines = 1000;
constexpr std::uint64_t most_ms = 86'400'000;
constexpr noa::Duration longest_timeout = std::chrono::seconds(60);
constexpr std::chrono::milliseconds control_time{5'000};
constexpr std::chrono::milliseconds action_time{60'000};
constexpr std::chrono::seconds follow_pause{1};

bool is_name(std::string_view text) noexcept {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return !text.empty() && text.size() <= longest_name &&
           text.find_first_not_of(letters) == std::string_view::npos;
}

bool is_operation(std::string_view text) noexcept {
    return !text.empty() && text.size() <= longest_operation &&
           std::ranges::all_of(text, [](unsigned char letter) {
               return letter > ' ' && letter < 0x7FU && letter != '/';
           });
}

Response failed(unsigned status, const Answer& answer) {
    Response response = http::failure(status, answer.text);
    if (status == 429 || status == 503) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(answer.retry_after).count();
        response.retry_after_s = static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 3600));
    }
    return response;
}

std::string_view type_of(const Answer& answer) noexcept {
    const std::string_view type = answer.content_type;
    return type.starts_with("application/json") ? "application/json"
           : type.starts_with("text/")          ? "text/plain; charset=utf-8"
                                                : "application/octet-stream";
}

Response response_of(Answer answer) {
    if (answer.status != NOA_OK) {
        return failed(http_status(answer.status), answer);
    }
    Response response;
    response.status = answer.body.empty() ? 204 : 200;
    response.type = type_of(answer);
    response.body = http::text_of(std::move(answer.body));
    return response;
}

// {"error": …} in the place of what somebody did not tell.
Json told(const Answer& answer) {
    if (answer.status != NOA_OK) {
        return {{"error", answer.text}};
    }
    auto json = noa::parse_json(answer.body);
    return json ? std::move(*json) : Json{{"error", json.error().text}};
}

Response response_of(const noa::Result<Json>& outcome) {
    return outcome ? http::json_response(200, noa::json_text(*outcome))
                   : failed(http_status(outcome.error().status),
                            {outcome.error().status, outcome.error().text, {}, {}, {}});
}

// Answers of several, until the last one is there.
struct Gathering {
    http::Asker asker;
    Json all = Json::object();
    std::size_t awaited = 0;
    std::function<Response(Json)> finish;

    void take(const std::string& name, Json one) {
        all[name] = std::move(one);
        if (--awaited == 0) {
            asker.answer(finish(std::move(all)));
        }
    }
};

} // namespace

// Part of the trace that whoever asks says, where it says one.
Site::Maybe Site::ask(Question question, std::function<void(Answer)> then) {
    if (asks_ >= most_asks) {
        Response busy = http::failure(503, "too many questions are under way");
        busy.retry_after_s = 1;
        return busy;
    }
    ++asks_;
    if (!http::is_traceparent(question.traceparent)) {
        question.traceparent.clear();
    }
    std::string asked = question.traceparent;
    bus_.ask(std::move(question),
             [this, asked = std::move(asked), then = std::move(then)](Answer answer) mutable {
                 --asks_;
                 if (!http::is_traceparent(answer.traceparent)) {
                     answer.traceparent = std::move(asked);
                 }
                 then(std::move(answer));
             });
    return std::nullopt;
}

Response Site::exposed(bool open) {
    Response response;
    response.type = open ? open_metrics_type : prometheus_type;
    if (open && !exposed_open_) {
        exposed_open_ = http::text_of(open_metrics(*exposed_));
    }
    response.body = open ? exposed_open_ : exposed_;
    return response;
}

Site::Maybe Site::metrics(const Request& request, const Asker& asker) {
    scraped_ = http::Clock::now();
    const bool open = wants_open_metrics(request[Field::accept]);
    const std::int64_t round = snapshot_ ? snapshot_->round : 0;
    if (exposed_ && round != 0 && exposed_round_ == round) {
        return exposed(open);
    }
    scrapers_.emplace_back(asker, open);
    return expose();
}

// Asked for once, whoever waits: nobody, when it is asked for ahead.
Site::Maybe Site::expose() {
    if (std::exchange(exposing_, true)) {
        return std::nullopt;
    }
    const std::int64_t round = snapshot_ ? snapshot_->round : 0;
    auto refused = ask(
        {"monitor", "metrics.prometheus", "{}", "application/json"}, [this, round](Answer answer) {
            exposing_ = false;
            if (answer.status == NOA_OK) {
                exposed_ = http::text_of(std::move(answer.body));
                exposed_open_ = nullptr;
                exposed_round_ = round;
            }
            for (const auto& [asker, open] : std::exchange(scrapers_, {})) {
                asker.answer(answer.status == NOA_OK ? exposed(open) : failed(503, answer));
            }
        });
    if (refused) {
        exposing_ = false;
        scrapers_.clear(); // the one that asked, who is told by what is returned
    }
    return refused;
}

Site::Maybe Site::describe_all(const Asker& asker) {
    if (!snapshot_ || snapshot_->running.empty()) {
        return http::failure(503, "nothing is known of the host yet");
    }
    if (described_ && described_versions_ == snapshot_->versions) {
        Response response;
        response.body = described_;
        return response;
    }
    const auto gathering = std::make_shared<Gathering>();
    gathering->asker = asker;
    gathering->awaited = std::min(snapshot_->running.size(), most_described);
    gathering->finish = [this, versions = snapshot_->versions](const Json& all) {
        const auto document = open_api(all.get<std::map<std::string, Json>>(), "1.0.0");
        described_ = http::text_of(noa::json_text(document));
        described_versions_ = versions;
        Response response;
        response.body = described_;
        return response;
    };
    const auto running = snapshot_->running;
    for (std::size_t at = 0; at < std::min(running.size(), most_described); ++at) {
        const std::string& agent = running[at];
        if (ask({agent, "describe", "{}", "application/json"},
                [gathering, agent](const Answer& answer) {
                    gathering->take(agent, told(answer));
                })) {
            gathering->take(agent, {{"error", "not asked: too many questions are under way"}});
        }
    }
    return std::nullopt;
}

Site::Maybe Site::serve_agent(std::string_view rest, const Asker& asker) {
    const std::string agent(rest);
    if (!is_name(agent) || !snapshot_ || !snapshot_->by_agent.contains(agent)) {
        return http::failure(404, "there is no such agent");
    }
    const auto gathering = std::make_shared<Gathering>();
    gathering->asker = asker;
    gathering->awaited = 4;
    gathering->finish = [](const Json& all) {
        return http::json_response(200, noa::json_text(all));
    };
    for (const char* operation : {"health", "metrics", "describe"}) {
        if (ask({agent, operation, "{}", "application/json"},
                [gathering, operation](const Answer& answer) {
                    gathering->take(operation, told(answer));
                })) {
            gathering->take(operation, {{"error", "too many questions are under way"}});
        }
    }
    controls_->ask(
        "agent", {{"agent", agent}}, control_time, [gathering](const noa::Result<Json>& outcome) {
            gathering->take("agent", outcome ? *outcome : Json{{"error", outcome.error().text}});
        });
    return std::nullopt;
}

Site::Maybe Site::operation(Request& request, std::string_view rest, const Asker& asker) {
    const std::size_t slash = rest.find('/');
    const std::string_view agent = rest.substr(0, slash);
    const std::string_view name =
        slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (!is_name(agent) || !is_operation(name)) {
        return http::failure(404, "/api/agents/AGENT/OPERATION");
    }
    Question question{std::string(agent), std::string(name), std::move(request.body),
                      "application/json", std::chrono::seconds(30)};
    question.traceparent = request[Field::traceparent];
    if (const std::string* timeout = request.target.find("timeout")) {
        const auto parsed = noa::sdk::parse_duration(*timeout);
        if (!parsed || *parsed <= noa::Duration::zero() || *parsed > longest_timeout) {
            return http::failure(400, "timeout: must be like \"5s\", 60s at most");
        }
        question.timeout = *parsed;
    }
    return ask(std::move(question), [asker](Answer answer) {
        std::string trace = std::move(answer.traceparent);
        Response response = response_of(std::move(answer));
        response.traceparent = std::move(trace);
        asker.answer(std::move(response));
    });
}

// The agent communication says whether it was signed as it must be.
Site::Maybe Site::hook(Request& request, std::string_view name, const Asker& asker) {
    if (!is_operation(name)) {
        return http::failure(404, "there is no such webhook");
    }
    std::string body;
    body.reserve(request.body.size() / 3 * 4 + 1024);
    {
        noa::sdk::JsonObject object(body);
        object.add("name", name);
        object.add("id", request[Field::hook_id]);
        object.add("timestamp", request[Field::hook_timestamp]);
        object.add("signature", request[Field::hook_signature]);
        if (!request[Field::content_type].empty()) {
            object.add("content_type", request[Field::content_type]);
        }
        std::string& out = object.member("base64");
        out += '"';
        append_base64(out, request.body);
        out += '"';
    }
    request.body = std::string();
    return ask({"communication", "webhook.receive", std::move(body), "application/json",
                std::chrono::seconds(15), request[Field::traceparent]},
               [asker](const Answer& answer) {
                   const Json reply = told(answer);
                   const bool duplicate = member_of(reply, "duplicate") == true;
                   const unsigned status = hook_status(answer.status, duplicate);
                   Response response = answer.status == NOA_OK
                                           ? http::json_response(status, noa::json_text(reply))
                                           : failed(status, answer);
                   response.traceparent = answer.traceparent;
                   asker.answer(std::move(response));
               });
}

Site::Maybe Site::history(const Request& request, const char* verb, const Asker& asker) {
    Json args = Json::object();
    std::size_t lines = 100;
    for (const auto& [name, value] : request.target.query) {
        if (name == "lines") {
            const char* end = value.data() + value.size();
            const auto [rest, error] = std::from_chars(value.data(), end, lines);
            if (error != std::errc() || rest != end || lines < 1 || lines > most_lines) {
                return http::failure(400, "lines: must be 1 to 1000");
            }
        } else if (name == "agent" && is_name(value)) {
            args["agent"] = value;
        } else if (name == "level" && std::string_view(verb) == "logs" && is_name(value)) {
            args["level"] = value;
        } else {
            return http::failure(400, "only lines and agent can be said, of logs level, too");
        }
    }
    args["lines"] = lines;
    controls_->ask(std::string_view(verb) == "logs" ? "log" : verb, args, control_time,
                   [asker](const noa::Result<Json>& outcome) {
                       // A stream of nothing ends with an object.
                       asker.answer(outcome && outcome->is_object() ? http::json_response(200, "[]")
                                                                    : response_of(outcome));
                   });
    return std::nullopt;
}

// What the host keeps of them; below that one of them.
Site::Maybe Site::traces(const Request& request, std::string_view trace, const Asker& asker) {
    Json args = Json::object();
    for (const auto& [name, value] : request.target.query) {
        std::uint64_t number = 0;
        const char* end = value.data() + value.size();
        const auto [rest, error] = std::from_chars(value.data(), end, number);
        const bool is_number = error == std::errc() && rest == end && number <= most_ms;
        if (name == "agent" && is_name(value)) {
            args["agent"] = value;
        } else if (name == "failed" && value.empty()) {
            args["failed"] = true;
        } else if ((name == "lines" || name == "min_ms") && is_number) {
            args[name == "lines" ? "limit" : "min_ms"] = number;
        } else {
            return http::failure(400, "only agent, failed, lines and min_ms can be said");
        }
    }
    if (!trace.empty()) {
        args = {{"trace", trace}};
    }
    return ask({"host", trace.empty() ? "traces.list" : "traces.show", noa::json_text(args),
                "application/json"},
               [asker](Answer answer) { asker.answer(response_of(std::move(answer))); });
}

Site::Maybe Site::action(const Request& request, std::string_view verb, const Asker& asker) {
    static constexpr std::array<std::string_view, 6> verbs{"reload", "restart", "start",
                                                           "stop",   "enable",  "disable"};
    if (std::ranges::find(verbs, verb) == verbs.end()) {
        return http::failure(404, "reload, restart, start, stop, enable or disable");
    }
    const auto args = noa::sdk::parse_json_body(request.body.empty() ? "{}" : request.body);
    if (!args || !args->is_object()) {
        return http::failure(400, args ? "the body must be an object" : args.error().text);
    }
    controls_->ask(verb, *args, action_time, [asker](const noa::Result<Json>& outcome) {
        asker.answer(response_of(outcome));
    });
    return std::nullopt;
}

void Site::open(http::Server& server) {
    server_ = &server;
    controls_ = std::make_unique<Controls>(server.io(), settings_.control_socket);
    server.post([this] { follow_log(); });
}

// A host that has no control socket here has no log to show; it is asked again now and then.
void Site::follow_log() {
    if (settings_.control_socket.empty()) {
        return;
    }
    controls_->follow(
        "log", {{"lines", 0}, {"follow", true}},
        [this](const Json& line) { tell(http::Topic::log, "log", noa::json_text(line)); },
        [this] {
            const auto timer =
                std::make_shared<boost::asio::steady_timer>(server_->io(), follow_pause);
            timer->async_wait([this, timer](const boost::system::error_code& error) {
                if (!error) {
                    follow_log();
                }
            });
        });
}

} // namespace console
