// What is known of the host: asked now and then, and when something has changed.
#include <algorithm>
#include <chrono>
#include <utility>

#include "../api/json_reads.hpp"
#include "../api/metrics.hpp"
#include "agent.hpp"

namespace console {

namespace {

using noa::Json;

constexpr noa::Duration settling = std::chrono::milliseconds(50);
constexpr noa::Duration patience = std::chrono::seconds(2);

std::int64_t wall_clock_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

http::Text as_text(const Json& json) {
    return http::text_of(noa::json_text(json));
}

} // namespace

void Console::hasten() {
    if (awaited_ > 0) {
        again_ = true;
    } else if (!std::exchange(hastened_, true)) {
        if (!after(settling, [this] { look(); })) {
            hastened_ = false; // the next look of the interval has it
        }
    }
}

void Console::look() {
    if (awaited_ > 0) {
        return;
    }
    hastened_ = again_ = false;
    ++look_number_;
    next_ = Known();
    awaited_ = 1; // until all have been asked: one that is not there answers at once
    look_at("host", "status", &Known::status);
    look_at("host", "agents", &Known::agents);
    look_at("monitor", "checks.list", &Known::checks);
    look_at("monitor", "alerts.list", &Known::alerts);
    if (std::exchange(figures_wanted_, false)) {
        look_at_figures();
    }
    looked();
}

void Console::look_at(const char* agent, const char* operation, Json Known::*into) {
    ++awaited_;
    request(agent, operation)
        .timeout(patience)
        .then([this, into, number = look_number_](noa::Result<Json> told) {
            if (number == look_number_) {
                if (told) {
                    next_.*into = *std::move(told);
                }
                looked();
            }
        });
}

void Console::look_at_figures() {
    ++awaited_;
    request("monitor", "metrics.now")
        .timeout(patience)
        .then([this, number = look_number_](const noa::Reply& reply) {
            if (number == look_number_) {
                if (auto told = Figures::parse(reply.body())) {
                    take_figures(*std::move(told));
                } else {
                    figures_wanted_ = true;
                }
                looked();
            }
        });
}

void Console::take_figures(Figures now) {
    if (now.at() == 0 || now.at() == figures_.at()) {
        return;
    }
    metrics_ = metrics_of(now, figures_);
    metrics_text_ = as_text(metrics_);
    metrics_.erase("business"); // the most of it, and told by the text alone
    recent_.push_back({now.at(), as_text(point_of(metrics_))});
    const auto kept = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.history);
    while (recent_.front().at < now.at() - kept.count()) {
        recent_.pop_front();
    }
    figures_ = std::move(now);
}

void Console::looked() {
    if (--awaited_ > 0) {
        return;
    }
    known_ = std::move(next_);
    if (server_ && known_.agents.is_array()) {
        server_->post([site = site_.get(), made = snapshot()] { site->take(made); });
    }
    if (server_ && !std::exchange(serving_, true)) {
        server_->serve(); // clients waited for something to be known
    }
    if (again_) {
        hasten();
    }
}

SnapshotPtr Console::snapshot() const {
    auto made = std::make_shared<Snapshot>();
    const std::int64_t now = wall_clock_ms();
    const HealthView view = health_of(known_.status, known_.agents, known_.checks);
    made->made = std::chrono::steady_clock::now();
    made->well = view.overall != Condition::unhealthy;
    made->ready = view.ready;
    made->round = figures_.at();
    made->short_health = as_text({{"status", name_of(view.overall)}});
    made->readiness = as_text(view.ready ? Json{{"status", "ready"}}
                                         : Json{{"status", "not ready"}, {"text", view.unready}});
    made->health = as_text(health_report(view, now));
    made->status = as_text(status_report(view, now, summary_of(metrics_), known_.agents,
                                         known_.status, known_.alerts));
    made->agents = as_text(known_.agents);
    made->metrics = metrics_text_;
    if (!known_.alerts.is_null()) {
        made->alerts = as_text(known_.alerts);
    }
    for (const Point& point : recent_) {
        made->recent.push_back(point.text);
    }
    add_agents(*made, view);
    return made;
}

void Console::add_agents(Snapshot& into, const HealthView& view) const {
    for (const Service& service : view.services) {
        if (text_in(service.told, "kind") == "agent") {
            const bool well = service.counts && service.condition != Condition::unhealthy;
            into.by_agent[service.name] = {well, as_text(service.told)};
        }
    }
    for (const Json& agent : known_.agents) {
        const std::string name = text_in(agent, "name");
        const std::string state = text_in(agent, "state");
        if (state == "running" || state == "reloading") {
            into.running.push_back(name);
        }
        const auto generation =
            static_cast<std::uint64_t>(std::max(0.0, number_in(agent, "generation").value_or(0)));
        into.versions.append(name).append(":").append(state).append(":");
        into.versions.append(std::to_string(generation)).append("\n");
    }
}

} // namespace console
