#include <nlohmann/json.hpp>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using nlohmann::json;
using Inspect = Scene;

TEST_F(Inspect, HealthIsTheWorstCheckThatCounts) {
    noa::Health store = noa::Health::healthy();
    noa::Health disk = noa::Health::healthy();
    run([&](TestAgent&, noa::Setup& setup) {
        setup.health("store", noa::Weight::critical, [&] { return store; });
        setup.health("disk", noa::Weight::minor, [&] { return disk; });
    });
    EXPECT_EQ(json::parse(agent.health())["status"], "healthy");
    disk = noa::Health::critical("full");
    EXPECT_EQ(json::parse(agent.health())["status"], "needs_repair");
    store = noa::Health::critical("closed");
    const json report = json::parse(agent.health());
    EXPECT_EQ(report["status"], "critical");
    EXPECT_EQ(
        report["checks"][0],
        (json{{"name", "store"}, {"status", "critical"}, {"critical", true}, {"text", "closed"}}));
}

TEST_F(Inspect, HealthWithoutChecksIsHealthy) {
    run({});
    EXPECT_EQ(json::parse(agent.health()),
              (json{{"status", "healthy"}, {"checks", json::array()}}));
}

TEST_F(Inspect, MetricsTellCountersGaugesAndOperations) {
    noa::Counter hits;
    noa::Gauge load;
    run([&](TestAgent&, noa::Setup& setup) {
        setup.counter("hits_total", "Found", hits);
        setup.gauge("load", "Now", load);
        setup.gauge("size", "Entries", [] { return 7; });
        setup.operation("do-it", [] { return noa::Status(noa::failed("no")); });
    });
    hits.add(3);
    load.set(0.25);
    agent.call("do-it");
    const json metrics = json::parse(agent.metrics());
    EXPECT_EQ(metrics["hits_total"], (json{{"type", "counter"}, {"value", 3}, {"help", "Found"}}));
    EXPECT_EQ(metrics["load"]["value"], 0.25);
    EXPECT_EQ(metrics["size"]["type"], "gauge");
    EXPECT_EQ(metrics["size"]["value"], 7);
    EXPECT_EQ(metrics["operation_do_it_total"]["value"], 1);
    EXPECT_EQ(metrics["operation_do_it_failed_total"]["value"], 1);
}

TEST_F(Inspect, MetricsWithLabelsAreBounded) {
    run([&](TestAgent&, noa::Setup& setup) {
        setup.counters("posts_total", "By endpoint", [](noa::Series& series) {
            series.add({{"endpoint", "a"}, {"code", "200"}}, 3);
            series.add({{"endpoint", std::string(noa::Series::longest_label + 1, 'x')}}, 1);
        });
        setup.gauges("depth", "By name", [](noa::Series& series) {
            for (std::size_t at = 0; at < noa::Series::most + 5; ++at) {
                series.add({{"name", std::to_string(at)}}, static_cast<double>(at));
            }
        });
    });
    const json metrics = json::parse(agent.metrics());
    EXPECT_EQ(metrics["posts_total"],
              (json{{"type", "counter"},
                    {"help", "By endpoint"},
                    {"series", {{{"labels", {{"endpoint", "a"}, {"code", "200"}}}, {"value", 3}}}},
                    {"left_out", 1}}));
    EXPECT_EQ(metrics["depth"]["type"], "gauge");
    EXPECT_EQ(metrics["depth"]["series"].size(), noa::Series::most);
    EXPECT_EQ(metrics["depth"]["left_out"], 5);
}

TEST_F(Inspect, HistogramsCountUpToEachBound) {
    noa::Histogram times({1, 0.1, 0.1});
    run([&](TestAgent&, noa::Setup& setup) {
        setup.histogram("work_seconds", "Of a piece", times);
    });
    for (const double value : {0.05, 0.1, 0.5, 7.0}) {
        times.add(value);
    }
    EXPECT_EQ(json::parse(agent.metrics())["work_seconds"], (json{{"type", "histogram"},
                                                                  {"help", "Of a piece"},
                                                                  {"buckets", {{0.1, 2}, {1.0, 3}}},
                                                                  {"count", 4},
                                                                  {"sum", 7.65}}));
}

TEST_F(Inspect, DescribeTellsWhatWasRegistered) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.capability("kv.store");
        setup.operation("get", {.summary = "Finds \"it\"", .request = R"({"type":"object"})"},
                        [](const noa::Request&) {});
        setup.event("cache.cleared", {.summary = "All gone", .body = R"({"type":"null"})"});
    });
    EXPECT_EQ(json::parse(agent.describe()), json::parse(R"({"capabilities": ["kv.store"],
                 "operations": {"get": {"summary": "Finds \"it\"", "request": {"type": "object"}}},
                 "events": {"cache.cleared": {"summary": "All gone", "body": {"type": "null"}}}})"));
}

} // namespace
} // namespace noa::test
