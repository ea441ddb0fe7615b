// What is asked of the figures that are kept.
#include <chrono>

#include "../collect/exposition.hpp"
#include "agent.hpp"
#include "looks.hpp"

namespace monitor {

namespace {

using noa::Json;

// The last of each step; steps begin at multiples of it, whenever one asks.
std::vector<Point> stepped(const std::vector<Point>& points, noa::Duration step) {
    if (step <= noa::Duration::zero()) {
        return points;
    }
    std::vector<Point> last;
    for (const Point& point : points) {
        if (!last.empty() &&
            last.back().at.time_since_epoch() / step == point.at.time_since_epoch() / step) {
            last.back() = point;
        } else {
            last.push_back(point);
        }
    }
    return last;
}

} // namespace

// Kept are moments of the clock that nobody sets; told is what the wall clock says of them today.
std::int64_t Monitor::unix_ms(noa::Time at) const {
    using std::chrono::milliseconds;
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(wall - (now() - at)).count();
}

noa::Status Monitor::save(noa::StateWriter& state) {
    ring_.save(state, now(), unix_ms(now()));
    save_traces(state);
    return {};
}

noa::Status Monitor::restore(noa::StateReader& state) {
    noa::Status restored = ring_.restore(state, now(), unix_ms(now()));
    if (restored) {
        restore_traces(state);
    }
    return restored;
}

void Monitor::query(const QueryRequest& request, noa::Responder responder) {
    if (request.range <= noa::Duration::zero()) {
        responder.fail(noa::invalid("/range: must be over 0"));
        return;
    }
    if (days_ != nullptr && request.range > settings_.retention) {
        query_days(request, std::move(responder));
        return;
    }
    responder.reply(query_memory(request));
}

noa::Result<QueryReply> Monitor::query_memory(const QueryRequest& request) const {
    const SeriesRing::Family* family = ring_.family(request.name);
    if (family == nullptr) {
        return noa::not_found("there is no figure " + request.name.substr(0, 200));
    }
    QueryReply reply{request.name, std::string(name_of(family->kind)), family->help, {}};
    const std::int64_t offset = unix_ms(noa::Time());
    std::size_t count = 0;
    ring_.each(request.name, match_of(request.labels), now() - request.range, now(),
               [&](const Labels& labels, const std::vector<Point>& points) {
                   QueriedSeries series;
                   series.labels = map_of(labels);
                   for (const Point& point : stepped(points, request.step)) {
                       const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                           point.at.time_since_epoch());
                       if (++count <= most_points) {
                           series.points.push_back({offset + ms.count(), point.value});
                       }
                   }
                   if (!series.points.empty()) {
                       reply.series.push_back(std::move(series));
                   }
               });
    if (count > most_points) {
        return too_many_points();
    }
    return reply;
}

noa::OwnedBody Monitor::prometheus(const NowRequest& request) const {
    return {exposition(ring_, request.prefix, match_of(request.labels)), exposition_content_type};
}

// A NowReply, written as it is found: there are thousands of figures.
noa::OwnedBody Monitor::current(const NowRequest& request) const {
    const std::vector<Match> match = match_of(request.labels);
    std::string out;
    {
        noa::sdk::JsonObject reply(out);
        reply.add("at", ring_.rounds() == 0 ? 0 : unix_ms(ring_.last_round()));
        noa::sdk::JsonArray figures(reply.member("figures"));
        ring_.each_last([&](const std::string& name, const SeriesRing::Family& family,
                            const Labels& labels, double value) {
            if (!name.starts_with(request.prefix) || !matches(labels, match)) {
                return;
            }
            noa::sdk::JsonObject figure(figures.item());
            figure.add("name", name);
            figure.add("type", name_of(family.kind));
            {
                noa::sdk::JsonObject own(figure.member("labels"));
                for (const auto& [label, text] : labels) {
                    own.add(label, text);
                }
            }
            figure.add("value", value);
        });
    }
    return {std::move(out), noa::sdk::json_content_type};
}

} // namespace monitor
