#include "control/host_traces.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "base/clock.hpp"
#include "base/status.hpp"
#include "bus/endpoint.hpp"
#include "control/verbs.hpp"

namespace noa::control {

namespace {

using bus::Span;
using bus::Traces;
using nlohmann::json;

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
constexpr std::size_t id_digits = 2 * sizeof(TraceId);
constexpr std::int64_t default_traces = 20;
constexpr std::int64_t max_traces = 1'000;
constexpr std::int64_t default_spans = 500;
constexpr std::int64_t max_spans = 2'000;
constexpr std::size_t longest_life = 20;
constexpr std::int64_t longest_ms = 86'400'000;
constexpr JsonLimits question_limits{4, 32};

bool began_trace(const Span& span) noexcept {
    return span.parent == SpanId{};
}

const char* kind_of(const Span& span) noexcept {
    return span.kind == NOA_MESSAGE_EVENT ? "event" : span.awaited ? "request" : "send";
}

std::int64_t ended_unix_ns(const Span& span) noexcept {
    return span.started_unix_ns + span.took_ns;
}

json to_json(const Span& span) {
    const auto waited = std::max<std::int64_t>(0, span.started_unix_ns - span.sent_unix_ns);
    json out{{"trace", to_hex(span.context.trace)},
             {"span", to_hex(span.context.span)},
             {"agent", span.agent->name()},
             {"from", span.from == nullptr ? "" : span.from->name()},
             {"kind", kind_of(span)},
             {"operation", span.operation},
             {"start_unix_ns", span.started_unix_ns},
             {"took_ns", span.took_ns},
             {"waited_ms", waited / ns_per_ms},
             {"attempts", span.attempts},
             {"status", span.status},
             {"status_name", status_name(span.status)}};
    if (!began_trace(span)) {
        out["parent"] = to_hex(span.parent);
    }
    return out;
}

// Of the spans of one trace that are kept, what a line of a list says.
struct Summary {
    const Span* first = nullptr; // to begin
    std::int64_t ended_unix_ns = 0;
    std::uint64_t spans = 0;
    std::uint64_t failed = 0;
    const Span* fault = nullptr; // the failed one that ended first: others fail for it
    std::map<const bus::Endpoint*, std::int64_t> agents; // and when they began
    bool touches = false;                                // the agent that was asked for
    std::size_t last = 0;                                // place of the span that ended last
};

std::map<TraceId, Summary> summarize(const std::vector<Span>& spans, const std::string& agent) {
    std::map<TraceId, Summary> out;
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const auto& span = spans[i];
        auto& summary = out[span.context.trace];
        if (summary.first == nullptr || span.started_unix_ns < summary.first->started_unix_ns) {
            summary.first = &span;
        }
        summary.ended_unix_ns = std::max(summary.ended_unix_ns, ended_unix_ns(span));
        ++summary.spans;
        if (span.status != NOA_OK && ++summary.failed == 1) {
            summary.fault = &span;
        }
        auto& began = summary.agents.try_emplace(span.agent, span.started_unix_ns).first->second;
        began = std::min(began, span.started_unix_ns);
        summary.touches = summary.touches || agent.empty() || span.agent->name() == agent;
        summary.last = i;
    }
    return out;
}

json to_json(const Summary& summary) {
    const auto& first = *summary.first;
    std::vector<std::pair<std::int64_t, std::string_view>> by_time;
    for (const auto& [agent, began] : summary.agents) {
        by_time.emplace_back(began, agent->name());
    }
    std::ranges::sort(by_time);
    json agents = json::array();
    for (const auto& [began, agent] : by_time) {
        agents.push_back(agent);
    }
    json out{{"trace", to_hex(first.context.trace)},
             {"start_unix_ns", first.started_unix_ns},
             {"took_ns", summary.ended_unix_ns - first.started_unix_ns},
             {"agent", first.agent->name()},
             {"from", first.from == nullptr ? "" : first.from->name()},
             {"operation", first.operation},
             {"agents", std::move(agents)},
             {"spans", summary.spans},
             {"failed", summary.failed}};
    if (summary.fault != nullptr) {
        out["error"] = {{"agent", summary.fault->agent->name()},
                        {"operation", summary.fault->operation},
                        {"status_name", status_name(summary.fault->status)}};
    }
    return out;
}

bus::HostOperation answers(Result<json> (*answer)(const Traces&, const json&),
                           const Traces& traces) {
    return [answer, &traces](std::string_view body) -> Result<std::string> {
        auto args = body.empty() ? Result<json>(json::object())
                                 : parse_json(body, "question", question_limits);
        if (!args) {
            return Failure(std::move(args.error()));
        }
        if (!args->is_object()) {
            return fail(Errc::invalid, "read question", "body", "is not a JSON object");
        }
        auto told = answer(traces, *args);
        if (!told) {
            return Failure(std::move(told.error()));
        }
        return told->dump();
    };
}

} // namespace

Result<json> list_traces(const Traces& traces, const json& args) {
    Args in("traces.list", args);
    const auto limit = in.number("limit", default_traces, 1, max_traces);
    const auto agent = in.optional_text("agent", NOA_AGENT_NAME_MAX).value_or("");
    const bool failed = in.flag("failed");
    const auto min_ms = in.number("min_ms", 0, 0, longest_ms);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const auto kept = traces.page(0, all);
    std::vector<Summary> wanted;
    for (const auto& [trace, summary] : summarize(kept.spans, agent)) {
        const auto took = summary.ended_unix_ns - summary.first->started_unix_ns;
        if (summary.touches && (!failed || summary.failed != 0) && took >= min_ms * ns_per_ms) {
            wanted.push_back(summary);
        }
    }
    std::ranges::sort(wanted, std::ranges::greater{}, &Summary::last);
    json list = json::array();
    for (const auto& summary : wanted) {
        if (list.size() == static_cast<std::size_t>(limit)) {
            break;
        }
        list.push_back(to_json(summary));
    }
    return json{{"traces", std::move(list)}, {"recorded", kept.next}};
}

Result<json> show_trace(const Traces& traces, const json& args) {
    Args in("traces.show", args);
    const auto wanted = in.text("trace", id_digits);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    auto kept = traces.page(0, all).spans;
    std::erase_if(
        kept, [&](const Span& span) { return !to_hex(span.context.trace).starts_with(wanted); });
    if (kept.empty() || wanted.empty()) {
        return fail(Errc::not_found, "show trace", wanted, "no span of it is kept",
                    "noactl traces list shows those there are");
    }
    const auto trace = kept.front().context.trace;
    if (std::ranges::any_of(kept, [&](const Span& s) { return s.context.trace != trace; })) {
        return fail(Errc::invalid, "show trace", wanted, "more than one trace begins so");
    }
    std::ranges::stable_sort(kept, {}, &Span::started_unix_ns);
    json spans = json::array();
    for (const auto& span : kept) {
        spans.push_back(to_json(span));
    }
    return json{{"trace", to_hex(trace)}, {"spans", std::move(spans)}};
}

Result<json> spans_after(const Traces& traces, const json& args) {
    Args in("traces.spans", args);
    const auto wanted = in.number("after", 0, 0, std::numeric_limits<std::int64_t>::max());
    const auto life = std::to_string(traces.life());
    const bool same_life = in.optional_text("life", longest_life).value_or(life) == life;
    const auto limit = in.number("limit", default_spans, 1, max_spans);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const auto page = traces.page(same_life ? static_cast<std::uint64_t>(wanted) : 0,
                                  static_cast<std::size_t>(limit));
    json spans = json::array();
    for (const auto& span : page.spans) {
        spans.push_back(to_json(span));
    }
    return json{
        {"spans", std::move(spans)}, {"next", page.next}, {"lost", page.lost}, {"life", life}};
}

void offer_traces(bus::HostPort& port, const Traces& traces) {
    port.offer("traces.list", "Traces of which spans are kept, the last one first",
               answers(list_traces, traces));
    port.offer("traces.show", "The spans of a trace", answers(show_trace, traces));
    port.offer("traces.spans", "Spans that ended after a number, for whoever follows them",
               answers(spans_after, traces));
}

} // namespace noa::control
