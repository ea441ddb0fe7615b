#include "plan.hpp"

namespace noa::bench {

namespace {

constexpr auto one_core = Placement::one_core;
constexpr auto two_cores = Placement::two_cores;
const auto name = figure_name;

const std::string rate = "50000";
const std::string under_load = "reload at 50,000/s";
const std::string full_speed = "reload at full speed";
const std::string left_open = "reload with open deliveries at 50,000/s";
const std::string new_file = "new file at 50,000/s";
const std::string alone = "new file, no load";
const std::string in_place = "stop, dlclose, dlopen, start at 50,000/s";
const std::string outside_reload = "reload, a sender outside at 10,000/s";
const std::string outside_restart = "restart of noad, a sender outside at 10,000/s";
const std::string many = "reload again and again";

const std::vector<CatalogueBuilder::Metric> latencies{
    {"pause_p50_ms", "pause p50", "ms"},
    {"pause_p99_ms", "pause p99", "ms"},
    {"control_p50_ms", "pause p50 without a reload", "ms"},
    {"control_p99_ms", "pause p99 without a reload", "ms"},
    {"hold_p50_ms", "inbox held p50", "ms"},
    {"hold_p99_ms", "inbox held p99", "ms"},
    {"whole_p50_ms", "reload p50", "ms"},
    {"whole_p99_ms", "reload p99", "ms"},
    {"silence_p50_ms", "nothing handled p50", "ms"},
    {"silence_p99_ms", "nothing handled p99", "ms"},
    {"control_silence_p50_ms", "nothing handled p50 without a reload", "ms"},
    {"steady_p50_us", "steady delay p50", "us"},
    {"steady_p99_us", "steady delay p99", "us"},
    {"per_s", "rate", "1/s"},
    {"cpu_percent", "cpu of the cores", "%"}};
const std::vector<CatalogueBuilder::Metric> accounts{
    {"accepted", "messages", ""},
    {"generations", "generations", ""},
    {"lost", "lost", ""},
    {"refused", "refused", ""},
    {"reordered", "reordered", ""},
    {"duplicates_unflagged", "duplicates not flagged", ""},
    {"duplicates_flagged", "duplicates flagged", ""},
    {"forgotten", "state forgotten", ""}};

void add_load(CatalogueBuilder& builder, const std::string& subject,
              const Measurement& measurement) {
    auto metrics = latencies;
    metrics.insert(metrics.end(), accounts.begin(), accounts.end());
    builder.add(subject, measurement, metrics);
}

void add_files(CatalogueBuilder& builder, const std::string& count) {
    for (const auto& [subject, messages] :
         {std::pair(alone, std::string("0")), std::pair(new_file, rate)}) {
        builder.add(subject, {"reload.file", two_cores, {count, messages}},
                    {{"served_p50_ms", "closed to serving p50", "ms"},
                     {"served_p99_ms", "closed to serving p99", "ms"},
                     {"hold_p50_ms", "inbox held p50", "ms"},
                     {"lost", "lost", ""}});
    }
}

void add_elsewhere(CatalogueBuilder& builder, const std::string& reloads,
                   const std::string& restarts) {
    std::vector<CatalogueBuilder::Metric> counts{{"silence_p50_ms", "nothing handled p50", "ms"},
                                                 {"silence_p99_ms", "nothing handled p99", "ms"},
                                                 {"lost_each", "lost each time", ""},
                                                 {"refused_each", "refused each time", ""}};
    counts.push_back({"forgotten_each", "state forgotten each time", ""});
    auto switching = counts;
    switching.push_back({"switch_p50_ms", "not serving p50", "ms"});
    switching.push_back({"switch_p99_ms", "not serving p99", "ms"});
    builder.add(in_place, {"reload.in_place", two_cores, {reloads, rate}}, switching);
    builder.add(outside_reload, {"reload.outside", two_cores, {restarts, "10000", "reload"}},
                counts);
    builder.add(outside_restart, {"reload.outside", two_cores, {restarts, "10000", "restart"}},
                counts);
}

void expect_nothing_lost(CatalogueBuilder& builder, const std::string& subject,
                         Placement placement) {
    const auto group = subject + ", " + std::string(name_of(placement)) + ": nothing lost";
    for (const char* defect :
         {"lost", "refused", "reordered", "duplicates not flagged", "state forgotten"}) {
        builder.guarantee(group, name(subject, defect, placement), 0);
    }
}

void expect_all(CatalogueBuilder& builder) {
    for (const auto placement : {two_cores, one_core}) {
        for (const auto& subject : {under_load, full_speed}) {
            expect_nothing_lost(builder, subject, placement);
        }
    }
    for (const auto& subject : {left_open, new_file}) {
        expect_nothing_lost(builder, subject, two_cores);
    }
    builder.compare(left_open + ", two cores: nothing lost",
                    name(left_open, "duplicates flagged", two_cores));
    const std::string pause = "what a reload adds to accepted to handled";
    builder.expect(pause, name(under_load, "pause p50", two_cores), Sense::at_most, 0.5);
    builder.expect(pause, name(under_load, "pause p99", two_cores), Sense::at_most, 2);
    builder.expect(pause, name(under_load, "cpu of the cores", two_cores), Sense::at_most, 60);
    builder.compare(pause, name(under_load, "pause p50", one_core),
                    {name(under_load, "pause p50 without a reload", one_core)});
    builder.compare(pause, name(under_load, "pause p99", one_core),
                    {name(under_load, "pause p99 without a reload", one_core)});
    builder.compare(pause, name(full_speed, "pause p50", two_cores),
                    {name(full_speed, "pause p50 without a reload", two_cores)});
    builder.compare(pause, name(full_speed, "pause p99", two_cores),
                    {name(full_speed, "pause p99 without a reload", two_cores)});
    builder.expect("file closed to new generation serving",
                   name(alone, "closed to serving p50", two_cores), Sense::at_most, 60);
    builder.expect("file closed to new generation serving",
                   name(new_file, "closed to serving p50", two_cores), Sense::at_most, 60);
    const std::string flat = "after the first hundred reloads";
    builder.expect(flat, name(many, "RSS", two_cores), Sense::at_most, 1024);
    builder.expect(flat, name(many, "PSS", two_cores), Sense::at_most, 1024);
    for (const char* counted : {"descriptors", "mappings", "files"}) {
        builder.guarantee(flat, name(many, counted, two_cores), 0);
    }
    const std::string elsewhere = "the same switch done the way peers do it";
    builder.compare(elsewhere, name(under_load, "nothing handled p50", two_cores),
                    {name(in_place, "nothing handled p50", two_cores)});
    builder.compare(elsewhere, name(outside_reload, "nothing handled p50", two_cores),
                    {name(outside_restart, "nothing handled p50", two_cores)});
    for (const auto& subject : {in_place, outside_reload, outside_restart}) {
        for (const char* counted : {"lost", "refused", "state forgotten"}) {
            builder.compare(elsewhere,
                            name(subject, std::string(counted) + " each time", two_cores));
        }
    }
}

} // namespace

Catalogue make_reload_catalogue(const std::string& only, bool quick) {
    const std::string reloads = quick ? "50" : "1000";
    CatalogueBuilder builder;
    for (const auto placement : {two_cores, one_core}) {
        add_load(builder, under_load, {"reload.load", placement, {reloads, rate, "order"}});
        add_load(builder, full_speed,
                 {"reload.load", placement, {quick ? "20" : "100", "0", "order"}});
    }
    builder.add(left_open, {"reload.load", two_cores, {quick ? "5" : "50", rate, "open"}},
                accounts);
    add_load(builder, new_file, {"reload.load", two_cores, {quick ? "20" : "200", rate, "file"}});
    add_files(builder, quick ? "30" : "100");
    Measurement memory{"reload.memory", two_cores, {quick ? "300" : "10000"}};
    memory.once = true;
    builder.add(many, memory,
                {{"rss_kb", "RSS", "KiB"},
                 {"pss_kb", "PSS", "KiB"},
                 {"own_kb", "anonymous memory", "KiB"},
                 {"fds", "descriptors", ""},
                 {"mappings", "mappings", ""},
                 {"files", "files", ""},
                 {"each_ms", "reload", "ms"}});
    add_elsewhere(builder, reloads, quick ? "3" : "20");
    expect_all(builder);
    auto catalogue = builder.take();
    select(catalogue, [&](const std::string& key) { return key.find(only) != std::string::npos; });
    return catalogue;
}

} // namespace noa::bench
