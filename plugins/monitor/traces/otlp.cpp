#include "otlp.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace monitor {

namespace {

using noa::Json;

// Of opentelemetry/proto/trace/v1/trace.proto.
constexpr int kind_server = 2;
constexpr int kind_consumer = 5;
constexpr int status_error = 2;
constexpr std::size_t longest_url = 1000;

Json text_attribute(const char* key, const std::string& value) {
    return {{"key", key}, {"value", {{"stringValue", value}}}};
}

// 64-bit integers are texts in the JSON of protobuf.
Json number_attribute(const char* key, std::int64_t value) {
    return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}

Json span_of(const SpanLine& line) {
    Json span{
        {"traceId", line.trace},
        {"spanId", line.span},
        {"name", line.agent + "." + line.operation},
        {"kind", line.kind == "request" ? kind_server : kind_consumer},
        {"startTimeUnixNano", std::to_string(line.start_unix_ns)},
        {"endTimeUnixNano", std::to_string(line.start_unix_ns + line.took_ns)},
        {"attributes",
         {text_attribute("rpc.system", "noa"), text_attribute("rpc.service", line.agent),
          text_attribute("rpc.method", line.operation), text_attribute("noa.from", line.from),
          text_attribute("noa.kind", line.kind), number_attribute("noa.attempts", line.attempts),
          number_attribute("noa.waited_ms", line.waited_ms)}}};
    if (!line.parent.empty()) {
        span["parentSpanId"] = line.parent;
    }
    span["status"] = Json::object();
    if (line.status != 0) {
        span["status"] = {{"code", status_error}, {"message", line.status_name}};
    }
    return span;
}

} // namespace

Json otlp_request(const std::vector<SpanLine>& spans, const std::string& host) {
    std::map<std::string, Json> by_agent;
    for (const SpanLine& line : spans) {
        by_agent.try_emplace(line.agent, Json::array()).first->second.push_back(span_of(line));
    }
    Json resources = Json::array();
    for (auto& [agent, list] : by_agent) {
        resources.push_back(
            {{"resource",
              {{"attributes",
                {text_attribute("service.name", agent), text_attribute("service.namespace", "noa"),
                 text_attribute("host.name", host)}}}},
             {"scopeSpans", {{{"scope", {{"name", "noa"}}}, {"spans", std::move(list)}}}}});
    }
    return {{"resourceSpans", std::move(resources)}};
}

std::uint64_t otlp_rejected(std::string_view answer) {
    const auto told = noa::parse_json(answer);
    if (!told || !told->is_object()) {
        return 0;
    }
    const auto partial = told->find("partialSuccess");
    if (partial == told->end() || !partial->is_object()) {
        return 0;
    }
    const auto rejected = partial->find("rejectedSpans");
    if (rejected == partial->end()) {
        return 0;
    }
    if (rejected->is_number_unsigned()) {
        return rejected->get<std::uint64_t>();
    }
    std::uint64_t count = 0;
    if (rejected->is_string()) {
        const auto& text = rejected->get_ref<const std::string&>();
        std::from_chars(text.data(), text.data() + text.size(), count);
    }
    return count;
}

Taken otlp_taken(std::uint32_t status) {
    constexpr std::uint32_t good = 200;
    constexpr std::uint32_t good_end = 300;
    if (status >= good && status < good_end) {
        return Taken::taken;
    }
    constexpr std::uint32_t passing[] = {0, 429, 502, 503, 504};
    return std::ranges::find(passing, status) != std::end(passing) ? Taken::later : Taken::never;
}

bool is_collector_url(std::string_view url) {
    const std::size_t begin = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
    return begin > 0 && url.size() > begin && url.size() <= longest_url && url[begin] != '/' &&
           std::ranges::all_of(url, [](char letter) {
               return letter > ' ' && letter < 0x7F && letter != '@' && letter != '\\' &&
                      letter != '"';
           });
}

} // namespace monitor
