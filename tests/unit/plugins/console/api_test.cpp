#include <gtest/gtest.h>

#include "api/exposition.hpp"
#include "api/health.hpp"
#include "api/metrics.hpp"
#include "api/open_api.hpp"
#include "api/outcome.hpp"
#include "bus/base64.hpp"
#include "bus/settings.hpp"

namespace {

using console::Figures;
using noa::Json;

Json figure(const char* name, double value, const Json& labels = Json::object(),
            const char* type = "counter") {
    return {{"name", name}, {"type", type}, {"labels", labels}, {"value", value}};
}

Figures parse(const Json& answer) {
    return Figures::parse(answer.dump()).value();
}

Figures round_at(std::int64_t unix_ms, double busy, double idle, double handled, double failed,
                 double busy_s) {
    const Json agent{{"agent", "cache"}};
    return parse({{"at", unix_ms},
                  {"figures",
                   {figure("noa_system_cpu_seconds_total", busy, {{"cpu", "0"}, {"mode", "user"}}),
                    figure("noa_system_cpu_seconds_total", idle, {{"cpu", "0"}, {"mode", "idle"}}),
                    figure("noa_system_memory_total_bytes", 1000, Json::object(), "gauge"),
                    figure("noa_system_memory_available_bytes", 250, Json::object(), "gauge"),
                    figure("noa_agent_up", 1, agent, "gauge"),
                    figure("noa_agent_inbox_depth", 7, agent, "gauge"),
                    figure("noa_agent_messages_handled_total", handled, agent),
                    figure("noa_agent_messages_failed_total", failed, agent),
                    figure("noa_agent_busy_seconds_total", busy_s, agent),
                    figure("noa_cache_hits_total", 42, agent)}}});
}

TEST(metrics, are_rates_between_two_rounds) {
    const Figures before = round_at(1'000'000, 10, 100, 1000, 10, 1);
    const Figures now = round_at(1'010'000, 13, 107, 1200, 20, 1.5);
    const Json metrics = console::metrics_of(now, before);
    EXPECT_EQ(metrics["timestamp"], "1970-01-01T00:16:50.000Z");
    EXPECT_EQ(metrics["system"]["cpu"], 30);
    EXPECT_EQ(metrics["system"]["cores"], Json::array({30}));
    EXPECT_EQ(metrics["system"]["memory"]["percent"], 75);
    EXPECT_EQ(metrics["application"]["throughput"], 20);
    EXPECT_EQ(metrics["application"]["errorRate"], 0.05);
    EXPECT_EQ(metrics["application"]["latency"], 2.5);
    EXPECT_EQ(metrics["application"]["agents"]["cache"]["waiting"], 7);
    EXPECT_EQ(metrics["business"]["cache"]["noa_cache_hits_total"], 42);
    const Json summary = console::summary_of(metrics);
    EXPECT_EQ(summary["cpu"], 30);
    EXPECT_EQ(summary["memory"], 75);
    EXPECT_EQ(summary["errorRate"], 0.05);
    EXPECT_FALSE(console::point_of(metrics).contains("business"));
}

TEST(metrics, percentiles_are_of_what_was_handled_between_two_rounds) {
    const auto round = [](std::int64_t unix_ms, double fast, double slow, double all) {
        const auto bucket = [](const char* le, double below) {
            return figure("noa_agent_message_seconds_bucket", below,
                          {{"agent", "cache"}, {"le", le}}, "histogram");
        };
        return parse({{"at", unix_ms},
                      {"figures",
                       {figure("noa_agent_up", 1, {{"agent", "cache"}}, "gauge"),
                        bucket("0.016", fast), bucket("1.024", slow), bucket("+Inf", all)}}});
    };
    const Json metrics =
        console::metrics_of(round(1'010'000, 150, 190, 190), round(1'000'000, 100, 100, 100));
    const Json& percentiles = metrics["application"]["percentiles"];
    EXPECT_NEAR(percentiles["p50"].get<double>(), 14.4, 0.1);
    EXPECT_NEAR(percentiles["p95"].get<double>(), 16 + 1008 * 35.5 / 40, 0.1);
    EXPECT_EQ(metrics["application"]["agents"]["cache"]["percentiles"], percentiles);
    const Json idle = console::metrics_of(round(1'010'000, 1, 1, 1), round(1'000'000, 1, 1, 1));
    EXPECT_TRUE(idle["application"]["percentiles"].is_null());
    const Json anew = console::metrics_of(round(1'010'000, 1, 1, 1), round(1'000'000, 2, 2, 2));
    EXPECT_TRUE(anew["application"]["percentiles"].is_null());
}

TEST(metrics, that_nobody_can_know_yet_are_null) {
    const Json metrics = console::metrics_of(round_at(1'000'000, 10, 100, 1000, 10, 1), Figures());
    EXPECT_TRUE(metrics["system"]["cpu"].is_null());
    EXPECT_TRUE(metrics["application"]["errorRate"].is_null());
    EXPECT_TRUE(metrics["application"]["percentiles"].is_null());
    EXPECT_EQ(metrics["system"]["memory"]["percent"], 75);
}

TEST(metrics, of_a_counter_that_began_anew_are_null) {
    const Json metrics = console::metrics_of(round_at(1'010'000, 13, 107, 5, 0, 0),
                                             round_at(1'000'000, 10, 100, 1000, 10, 1));
    EXPECT_TRUE(metrics["application"]["throughput"].is_null());
    EXPECT_EQ(metrics["system"]["cpu"], 30);
}

TEST(metrics, leave_out_what_is_not_well_formed) {
    const Figures figures =
        parse({{"at", "x"},
               {"figures", {1, Json::object(), {{"name", "a"}, {"value", "b"}}, {{"value", 1}}}}});
    EXPECT_TRUE(figures.all().empty());
    EXPECT_EQ(parse(Json::array()).at(), 0);
    for (const char* odd :
         {R"({"figures": {"a": {"name": "a", "value": 1}}})", R"([[{"name": "a", "value": 1}]])",
          R"({"other": [{"name": "a", "value": 1}]})",
          R"({"figures": [[{"name": "a", "value": 1}]]})",
          R"({"figures": [{"name": "a", "deep": {"value": 1, "name": "b"}}]})"}) {
        EXPECT_TRUE(Figures::parse(odd)->all().empty()) << odd;
    }
    for (const char* none : {"", "{", R"({"figures": [{"name": "a", "value": 1)", "{} {}"}) {
        EXPECT_FALSE(Figures::parse(none)) << none;
    }
    const Figures one = Figures::parse(R"({"figures": [{"labels": {"a": "b", "c": 1},
        "value": 2, "deep": {"labels": {"x": "y"}}, "name": "n", "type": "counter"}], "at": 7})")
                            .value();
    EXPECT_EQ(one.at(), 7);
    ASSERT_EQ(one.named("n").size(), 1U);
    EXPECT_TRUE(one.named("n")[0].counter);
    EXPECT_EQ(one.named("n")[0].labels, (std::map<std::string, std::string>{{"a", "b"}}));
    EXPECT_TRUE(console::metrics_of(figures, figures).is_object());
}

Json agent(const char* name, const char* state, const char* health) {
    return {{"name", name}, {"state", state}, {"health", health}, {"note", ""}};
}

TEST(health, is_the_worst_of_what_counts) {
    const Json running{{"state", "running"}};
    const auto overall = [&](const Json& agents, const Json& checks = {}) {
        return console::name_of(console::health_of(running, agents, checks).overall);
    };
    EXPECT_EQ(
        overall(Json::array({agent("a", "running", "healthy"), agent("b", "stopped", "critical")})),
        "healthy");
    EXPECT_EQ(overall(Json::array({agent("a", "running", "needs_repair")})), "degraded");
    EXPECT_EQ(overall(Json::array({agent("a", "reloading", "healthy")})), "healthy");
    EXPECT_EQ(overall(Json::array({agent("a", "running", "critical")})), "unhealthy");
    EXPECT_EQ(overall(Json::array({agent("a", "failed", "healthy")})), "unhealthy");
    const auto check = [](const char* status, bool critical) {
        return Json{{"checks", {{{"name", "site"}, {"status", status}, {"critical", critical}}}}};
    };
    EXPECT_EQ(overall(Json::array(), check("error", true)), "unhealthy");
    EXPECT_EQ(overall(Json::array(), check("error", false)), "degraded");
    EXPECT_EQ(overall(Json::array(), check("unknown", true)), "healthy");
}

TEST(health, makes_a_host_that_is_starting_not_ready) {
    const Json running{{"state", "running"}};
    EXPECT_TRUE(
        console::health_of(running, Json::array({agent("a", "running", "healthy")}), {}).ready);
    const auto starting =
        console::health_of(running, Json::array({agent("a", "starting", "healthy")}), {});
    EXPECT_FALSE(starting.ready);
    EXPECT_EQ(starting.unready, "a is starting");
    EXPECT_FALSE(console::health_of({}, Json::array({agent("a", "running", "healthy")}), {}).ready);
}

TEST(health, is_told_in_the_shapes_of_the_api) {
    const Json agents = Json::array({agent("a", "running", "healthy")});
    const auto view = console::health_of({{"state", "running"}}, agents, {});
    const Json report = console::health_report(view, 1'761'170'400'000);
    EXPECT_EQ(report["timestamp"], "2025-10-22T22:00:00.000Z");
    EXPECT_EQ(report["overall"], "healthy");
    EXPECT_EQ(report["services"][0]["name"], "a");
    EXPECT_EQ(report["services"][0]["status"], "healthy");
    const Json status = console::status_report(view, 0, console::summary_of({}), agents, {}, {});
    for (const char* key : {"timestamp", "health", "services", "metrics"}) {
        EXPECT_TRUE(status.contains(key)) << key;
    }
    for (const char* key : {"cpu", "memory", "errorRate", "latency"}) {
        EXPECT_TRUE(status["metrics"].contains(key)) << key;
    }
}

TEST(exposition, is_open_metrics_when_that_is_preferred) {
    using console::wants_open_metrics;
    EXPECT_FALSE(wants_open_metrics(""));
    EXPECT_FALSE(wants_open_metrics("*/*"));
    EXPECT_TRUE(wants_open_metrics("application/openmetrics-text"));
    EXPECT_TRUE(wants_open_metrics("application/openmetrics-text;version=1.0.0;q=0.8,"
                                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
    EXPECT_FALSE(wants_open_metrics("application/openmetrics-text;q=0.1, text/plain;q=0.9"));
    EXPECT_FALSE(wants_open_metrics("application/openmetrics-text;q=0"));
}

TEST(exposition, names_the_family_of_a_counter_without_its_end) {
    EXPECT_EQ(console::open_metrics("# HELP a_total A thing\n# TYPE a_total counter\n"
                                    "a_total{b=\"c\"} 1\n# HELP b_total Odd\n# TYPE b_total gauge\n"
                                    "b_total 2\n"),
              "# HELP a A thing\n# TYPE a counter\na_total{b=\"c\"} 1\n# HELP b_total Odd\n"
              "# TYPE b_total gauge\nb_total 2\n# EOF\n");
    EXPECT_EQ(console::open_metrics(""), "# EOF\n");
}

TEST(outcome, of_a_webhook_says_whether_to_send_it_again) {
    using console::hook_status;
    EXPECT_EQ(hook_status(NOA_OK, false), 202U);
    EXPECT_EQ(hook_status(NOA_OK, true), 200U);
    EXPECT_EQ(hook_status(NOA_E_DENIED, false), 401U);
    EXPECT_EQ(hook_status(NOA_E_NOT_FOUND, false), 404U);
    EXPECT_EQ(hook_status(NOA_E_NO_AGENT, false), 503U);
    EXPECT_EQ(console::http_status(NOA_E_NO_AGENT), 404U);
    EXPECT_EQ(console::http_status(NOA_E_EXPIRED), 504U);
}

TEST(open_api, has_every_operation_that_agents_describe) {
    const Json described{
        {"operations",
         {{"get", {{"summary", "A value"}, {"request", {{"type", "object"}}}, {"reply", 7}}}}}};
    const Json document =
        console::open_api({{"cache", described}, {"mute", {{"error", "x"}}}}, "1");
    const Json& post = document["paths"]["/api/agents/cache/get"]["post"];
    EXPECT_EQ(post["summary"], "A value");
    EXPECT_EQ(post["requestBody"]["content"]["application/json"]["schema"]["type"], "object");
    EXPECT_TRUE(document["paths"].contains("/api/status"));
    EXPECT_EQ(document["openapi"], "3.1.0");
}

TEST(base64, is_that_of_rfc_4648) {
    const auto encoded = [](std::string_view bytes) {
        std::string out;
        console::append_base64(out, bytes);
        return out;
    };
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg==");
    EXPECT_EQ(encoded("fo"), "Zm8=");
    EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
    EXPECT_EQ(encoded("\xff\xfe\xfd"), "//79");
}

TEST(settings, keep_all_but_probes_on_this_machine) {
    console::Settings settings;
    EXPECT_TRUE(settings.check());
    for (const char* address :
         {"tcp:127.0.0.1:80", "tcp:127.1.2.3:80", "tcp:[::1]:80", "unix:/a"}) {
        settings.listen = {address};
        EXPECT_TRUE(settings.check()) << address;
    }
    for (const char* address :
         {"tcp:0.0.0.0:80", "tcp:[::]:80", "tcp:192.168.1.1:80", "tcp:127.x:80"}) {
        settings.listen = {address};
        EXPECT_FALSE(settings.check()) << address;
    }
    settings.listen = {"tcp:127.0.0.1:80"};
    settings.probe_listen = {"tcp:0.0.0.0:80"};
    EXPECT_TRUE(settings.check());
    settings.probe_listen = {"tcp:127.0.0.1:80"};
    EXPECT_FALSE(settings.check());
}

} // namespace
