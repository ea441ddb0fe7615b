// Spans as OpenTelemetry collectors take them: OTLP 1.x over HTTP, in JSON. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json.hpp"

namespace monitor {

// A span as the host tells it (traces.spans).
struct SpanLine {
    std::string trace;
    std::string span;
    std::string parent; // empty: it began the trace
    std::string agent;
    std::string from;
    std::string kind; // request, send, event
    std::string operation;
    std::int64_t start_unix_ns = 0;
    std::int64_t took_ns = 0;
    std::int64_t waited_ms = 0;
    std::uint32_t attempts = 1;
    std::int32_t status = 0;
    std::string status_name;

    static constexpr auto fields() {
        return noa::fields(
            noa::field("trace", &SpanLine::trace), noa::field("span", &SpanLine::span),
            noa::optional_field("parent", &SpanLine::parent), noa::field("agent", &SpanLine::agent),
            noa::optional_field("from", &SpanLine::from), noa::field("kind", &SpanLine::kind),
            noa::field("operation", &SpanLine::operation),
            noa::field("start_unix_ns", &SpanLine::start_unix_ns),
            noa::field("took_ns", &SpanLine::took_ns),
            noa::optional_field("waited_ms", &SpanLine::waited_ms),
            noa::optional_field("attempts", &SpanLine::attempts),
            noa::field("status", &SpanLine::status),
            noa::optional_field("status_name", &SpanLine::status_name));
    }
};

struct SpanPage {
    std::vector<SpanLine> spans;
    std::uint64_t next = 0;
    std::uint64_t lost = 0;
    std::string life; // of the host: its numbers begin anew with each

    static constexpr auto fields() {
        return noa::fields(noa::field("spans", &SpanPage::spans),
                           noa::field("next", &SpanPage::next), noa::field("lost", &SpanPage::lost),
                           noa::field("life", &SpanPage::life));
    }
};

// An ExportTraceServiceRequest: a resource for each agent, named as a service of namespace noa.
[[nodiscard]] noa::Json otlp_request(const std::vector<SpanLine>& spans, const std::string& host);

// How many spans an answer of status 200 says were not taken; 0 when it says nothing of it.
[[nodiscard]] std::uint64_t otlp_rejected(std::string_view answer);

// What became of a batch, by the status of its answer; 0: there was none.
enum class Taken { taken, later, never };
[[nodiscard]] Taken otlp_taken(std::uint32_t status);

// Of a collector: http:// or https://, a host, no user, nothing that a request could be split with.
[[nodiscard]] bool is_collector_url(std::string_view url);

} // namespace monitor
