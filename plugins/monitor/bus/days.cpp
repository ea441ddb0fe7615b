// Figures on the disk: written each minute, read for what is longer ago than the memory goes.
#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "agent.hpp"
#include "looks.hpp"

namespace monitor {

noa::Status Monitor::open_days() {
    days_fault_.clear();
    leaving_ = std::stop_source();
    if (settings_.days.keep_days == 0) {
        return {};
    }
    const auto directory = state_dir();
    if (!directory) {
        return directory.error();
    }
    DayTerms terms{std::string(*directory) + "/metrics",
                   static_cast<std::int64_t>(settings_.days.keep_days),
                   settings_.days.max_size.bytes};
    // Refused only when the generation is over: quiesce takes what is left.
    days_ = std::make_unique<noa::Worker<DayFiles>>(
        DayFiles(std::move(terms)), [this] { static_cast<void>(post([this] { take_days(); })); });
    return {};
}

void Monitor::take_days() {
    if (days_ != nullptr) {
        for (auto& done : days_->take_done()) {
            done();
        }
    }
}

void Monitor::close_days() {
    if (days_ != nullptr) {
        leaving_.request_stop(); // a month takes seconds: who asked is answered by the next
        days_->finish();
        take_days();
        days_.reset();
    }
}

void Monitor::write_day() {
    if (days_ == nullptr || writing_day_ ||
        (wrote_day_ != noa::Time() && now() - wrote_day_ < settings_.days.every)) {
        return;
    }
    wrote_day_ = now();
    writing_day_ = true; // one at a time: a disk that hangs takes no more than one round
    const std::int64_t at = unix_ms(ring_.last_round());
    auto outcome = std::make_unique<noa::Status>();
    auto* place = outcome.get();
    days_->run([place, at, lines = day_lines(ring_, at)](
                   DayFiles& files) { *place = files.append(at, lines); },
               [this, outcome = std::move(outcome)] {
                   writing_day_ = false;
                   const std::string fault = *outcome ? std::string() : outcome->error().text;
                   if (!fault.empty() && days_fault_.empty()) {
                       log(noa::Level::error, "figures.not_written", fault);
                   }
                   days_fault_ = fault;
                   (*outcome ? days_written_ : days_failed_).add();
               });
}

// What is longer ago than the memory goes; the rest is in memory.
void Monitor::query_days(const QueryRequest& request, noa::Responder responder) {
    const auto ms = [](noa::Duration time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    HistoryQuery wanted;
    wanted.name = request.name;
    wanted.match = match_of(request.labels);
    wanted.from = unix_ms(now()) - ms(request.range);
    wanted.to = unix_ms(ring_.rounds() == 0 ? now() : ring_.first_round()) - 1;
    wanted.step = ms(request.step);
    wanted.most_points = most_points;
    wanted.stop = leaving_.get_token();
    if (!is_metric_name(request.name) || wanted.from < 0) {
        responder.fail(noa::invalid("/name, /range: no name of a figure, or before 1970"));
        return;
    }
    auto found = std::make_unique<noa::Result<History>>(History());
    auto* place = found.get();
    days_->run(
        [place, wanted = std::move(wanted)](DayFiles& files) { *place = files.read(wanted); },
        [this, found = std::move(found), request, responder = std::move(responder)]() mutable {
            if (leaving_.stop_requested()) {
                return; // unanswered: the next generation is asked
            }
            if (!*found) {
                responder.fail(found->error());
            } else if (!(*found)->whole) {
                responder.fail(too_many_points());
            } else {
                responder.reply(both(query_memory(request), **found, request.name));
            }
        });
}

noa::Result<QueryReply> Monitor::both(noa::Result<QueryReply> memory, const History& history,
                                      const std::string& name) {
    if (history.type.empty()) {
        return memory;
    }
    QueryReply reply = memory ? *std::move(memory) : QueryReply{name, history.type, "", {}};
    std::map<LabelMap, QueriedSeries*> known;
    for (QueriedSeries& series : reply.series) {
        known[series.labels] = &series;
    }
    std::vector<QueriedSeries> gone; // since
    for (const auto& [labels, points] : history.series) {
        noa::Json all = noa::Json::array();
        for (const auto& [at, value] : points) {
            all.push_back({at, value});
        }
        const auto found = known.find(map_of(labels));
        if (found == known.end()) {
            gone.push_back({map_of(labels), std::move(all)});
            continue;
        }
        for (noa::Json& point : found->second->points) {
            all.push_back(std::move(point));
        }
        found->second->points = std::move(all);
    }
    std::ranges::move(gone, std::back_inserter(reply.series));
    return reply;
}

noa::Health Monitor::days_health() const {
    return days_fault_.empty()
               ? noa::Health::healthy()
               : noa::Health::needs_repair("figures are not written down: " + days_fault_);
}

} // namespace monitor
