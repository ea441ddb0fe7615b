// The host's spans on their way to a collector that may be down.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "agent.hpp"
#include "receivers.hpp"

namespace monitor {

namespace {

constexpr std::uint64_t spans_of_batch = 500;
} // namespace

void Monitor::setup_traces(noa::Setup& setup) {
    setup.counter("spans_sent_total", "Spans that the collector has taken", export_.sent);
    setup.counter("spans_lost_total",
                  "Spans that the host kept no longer, or the collector would not have",
                  export_.lost);
    setup.health("traces", noa::sdk::Weight::minor, [this] { return traces_health(); });
}

noa::Health Monitor::traces_health() const {
    return export_.failures < failing
               ? noa::Health::healthy()
               : noa::Health::needs_repair("traces do not get to the collector: " + export_.fault);
}

noa::Status Monitor::start_traces() {
    export_.asking = false;
    export_.batch.clear();
    export_.failures = 0;
    if (settings_.traces.otlp.empty()) {
        return {};
    }
    const auto timer = every(settings_.traces.interval, [this] { ask_spans(); });
    return timer ? noa::Status() : timer.error();
}

void Monitor::ask_spans() {
    if (export_.asking || !export_.batch.empty()) {
        return;
    }
    export_.asking = true;
    noa::Json question{{"after", export_.after}, {"limit", spans_of_batch}};
    if (!export_.life.empty()) {
        question["life"] = export_.life;
    }
    request("host", "traces.spans", noa::json_body(question))
        .timeout(patience())
        .then([this](const noa::Result<SpanPage>& page) {
            export_.asking = false;
            take_spans(page);
        });
}

void Monitor::take_spans(const noa::Result<SpanPage>& page) {
    if (!page) {
        unanswered_.add();
        return;
    }
    export_.life = page->life;
    export_.lost.add(page->lost);
    if (page->spans.empty()) {
        export_.after = page->next;
        return;
    }
    export_.batch = otlp_request(page->spans, host_name()).dump();
    export_.batch_spans = page->spans.size();
    export_.batch_next = page->next;
    post_spans();
}

void Monitor::post_spans() {
    const TraceSettings& to = settings_.traces;
    task(
        [terms = PostTerms{to.otlp, to.authorization, to.ca, to.timeout},
         body = export_.batch](const std::stop_token& stop) -> noa::Result<Posted> {
            Posted posted = post_json(terms, body, stop);
            if (posted.status == 0) {
                return noa::failed(posted.text);
            }
            return posted;
        },
        [this](const noa::Result<Posted>& outcome) { spans_posted(outcome); });
}

void Monitor::spans_posted(const noa::Result<Posted>& outcome) {
    const std::uint32_t status = outcome ? outcome->status : 0;
    const Taken taken = otlp_taken(status);
    if (taken == Taken::later) {
        ++export_.failures;
        export_.fault = outcome ? "status " + std::to_string(status) : outcome.error().text;
        if (export_.failures == failing) {
            log(noa::Level::warning, "traces.not_taken", export_.fault);
        }
        const noa::Duration rest = rest_after(export_.failures);
        const noa::Duration wanted =
            outcome && outcome->retry_after ? *outcome->retry_after : noa::Duration::zero();
        later(std::max(rest, wanted), [this] { post_spans(); });
        return;
    }
    if (export_.failures >= failing) {
        log(noa::Level::info, "traces.taken", "the collector answers again");
    }
    export_.failures = 0;
    if (taken == Taken::taken) {
        const std::uint64_t rejected =
            std::min(otlp_rejected(outcome->answer), export_.batch_spans);
        export_.sent.add(export_.batch_spans - rejected);
        export_.lost.add(rejected);
    } else {
        export_.lost.add(export_.batch_spans);
        log(noa::Level::warning, "traces.refused", "status " + std::to_string(status));
    }
    export_.after = export_.batch_next;
    export_.batch.clear();
    if (export_.batch_spans == spans_of_batch) {
        ask_spans(); // there may be more
    }
}

// Behind the figures, where a version that knows nothing of it does not look.
void Monitor::save_traces(noa::StateWriter& state) const {
    state.bytes(std::to_string(export_.after) + " " + export_.life);
}

void Monitor::restore_traces(noa::StateReader& state) {
    constexpr std::size_t longest = 64;
    const std::string text = state.rest();
    std::uint64_t after = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, after);
    if (error == std::errc() && rest != end && text.size() <= longest) {
        export_.after = after;
        export_.life.assign(rest + 1, end);
    }
}

} // namespace monitor
