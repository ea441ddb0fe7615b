#include "open_api.hpp"

#include <array>

#include "json_reads.hpp"

namespace console {

namespace {

using noa::Json;

struct OwnPath {
    const char* path;
    const char* summary;
    const char* type;
};

constexpr const char* as_json = "application/json";

constexpr std::array own_paths{
    OwnPath{"/health", "Whether the host is well: 200, or 503", as_json},
    OwnPath{"/health/{agent}", "Whether an agent is well: 200, 404 or 503", as_json},
    OwnPath{"/ready", "Whether the host takes work: 200, or 503", as_json},
    OwnPath{"/metrics", "Every figure, for Prometheus; OpenMetrics when Accept says so",
            "text/plain"},
    OwnPath{"/api/health", "Every service, and what they come to", as_json},
    OwnPath{"/api/metrics", "Figures of the last round", as_json},
    OwnPath{"/api/metrics/recent", "Figures of the last hour", as_json},
    OwnPath{"/api/status", "All of it at a glance", as_json},
    OwnPath{"/api/sse", "The same whenever it changes, and what happens", "text/event-stream"},
    OwnPath{"/api/agents", "Every agent in brief", as_json},
    OwnPath{"/api/agents/{agent}", "All that there is to know of one", as_json},
    OwnPath{"/api/alerts", "Alerts that are pending and firing, and silences", as_json},
    OwnPath{"/api/traces", "Traces that are kept: ?agent=, ?failed, ?lines=, ?min_ms=", as_json},
    OwnPath{"/api/traces/{trace}", "The spans of one", as_json},
    OwnPath{"/api/reloads", "The last reloads: ?agent=, ?lines=", as_json},
    OwnPath{"/api/events", "What the host did and noticed: ?agent=, ?lines=", as_json},
    OwnPath{"/api/logs", "The last lines of the log: ?agent=, ?level=, ?lines=", as_json},
};

Json parameter(const char* name, const char* in, bool required) {
    return {{"name", name}, {"in", in}, {"required", required}, {"schema", {{"type", "string"}}}};
}

Json content_of(const Json& schema) {
    return {{as_json, {{"schema", schema.is_object() ? schema : Json::object()}}}};
}

Json own(const OwnPath& path) {
    Json get{{"summary", path.summary},
             {"responses",
              {{"200",
                {{"description", path.summary},
                 {"content", {{path.type, {{"schema", Json::object()}}}}}}}}}};
    for (const char* part : {"agent", "trace"}) {
        if (std::string_view(path.path).ends_with("{" + std::string(part) + "}")) {
            get["parameters"] = Json::array({parameter(part, "path", true)});
        }
    }
    return {{"get", std::move(get)}};
}

Json operation_of(const std::string& agent, const std::string& name, const Json& operation) {
    const std::string summary = text_in(operation, "summary");
    Json post{{"operationId", agent + "." + name},
              {"tags", {agent}},
              {"summary", summary},
              {"parameters", Json::array({parameter("timeout", "query", false)})},
              {"responses",
               {{"200",
                 {{"description", summary.empty() ? "done" : summary},
                  {"content", content_of(member_of(operation, "reply"))}}},
                {"default", {{"description", "an error: {\"error\": TEXT}"}}}}}};
    if (const Json& request = member_of(operation, "request"); request.is_object()) {
        post["requestBody"] = {{"content", content_of(request)}};
    }
    return {{"post", std::move(post)}};
}

} // namespace

Json open_api(const std::map<std::string, Json>& described, const std::string& version) {
    Json paths = Json::object();
    for (const OwnPath& path : own_paths) {
        paths[path.path] = own(path);
    }
    for (const auto& [agent, description] : described) {
        for (const auto& [name, operation] : member_of(description, "operations").items()) {
            std::string path = "/api/agents/";
            path.append(agent).append("/").append(name);
            paths[path] = operation_of(agent, name, operation);
        }
    }
    return {{"openapi", "3.1.0"},
            {"info", {{"title", "noa"}, {"version", version}}},
            {"jsonSchemaDialect", "http://json-schema.org/draft-07/schema#"},
            {"paths", std::move(paths)}};
}

} // namespace console
