// Runs every measurement and prints the table. Exit code 0 unless one failed to run, or a
// guarantee did not hold: any other figure that misses its goal is a figure, not a failure.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/environment.hpp"
#include "harness/process.hpp"
#include "harness/rounds.hpp"
#include "harness/table.hpp"
#include "plan.hpp"

namespace {

using namespace noa::bench;

struct Options {
    unsigned runs = 5;
    bool quick = false;
    bool reload = false;
    std::string json_file;
    std::string only;
    Programs programs;
};

void read_options(CLI::App& app, Options& options) {
    app.add_option("--runs", options.runs, "runs of each measurement, the median counts")
        ->check(CLI::Range(1, 99));
    app.add_flag("--quick", options.quick, "one short run, without the long measurements");
    app.add_flag("--reload", options.reload, "the table of reloads instead");
    app.add_option("--json", options.json_file, "write the rows there as well");
    app.add_option("--only", options.only, "only measurements whose name contains this");
    app.add_option("--noad", options.programs.noad, "the host");
    app.add_option("--noactl", options.programs.noactl, "its control program");
    app.add_option("--plugins", options.programs.plugins, "directory of the shipped plugins");
    app.add_option("--agent", options.programs.agent, "the bench's plugin");
}

void show_progress(const std::string& key, unsigned round) {
    if (::isatty(STDERR_FILENO) != 0) {
        (void)std::fprintf(stderr, "\r\033[Kround %u  %s", round + 1, key.c_str());
    }
}

Outcomes measure(const Options& options, const Catalogue& catalogue,
                 const std::filesystem::path& scratch) {
    Plan plan;
    plan.measurements = catalogue.measurements;
    plan.runs = options.quick ? 1 : options.runs;
    plan.budget = std::chrono::milliseconds(options.quick ? 150 : 500);
    plan.programs = options.programs;
    plan.scratch = scratch;
    plan.on_start = show_progress;
    auto outcomes = run(plan);
    if (::isatty(STDERR_FILENO) != 0) {
        (void)std::fputs("\r\033[K", stderr);
    }
    return outcomes;
}

int report(const Options& options, const nlohmann::json& environment, const Catalogue& catalogue,
           const Outcomes& outcomes) {
    const auto rows = rows_of(catalogue.table, outcomes);
    (void)std::fputs(render(rows).c_str(), stdout);
    if (!options.json_file.empty()) {
        std::ofstream file(options.json_file);
        file << nlohmann::json{{"environment", environment}, {"rows", to_json(rows)}}.dump(1)
             << "\n";
        if (!file.flush()) {
            (void)std::fprintf(stderr, "cannot write %s\n", options.json_file.c_str());
            return 1;
        }
    }
    int failures = 0;
    for (const auto& [key, outcome] : outcomes) {
        if (!outcome.failed.empty()) {
            (void)std::fprintf(stderr, "failed: %s: %s\n", key.c_str(), outcome.failed.c_str());
            ++failures;
        }
    }
    for (const auto& row : rows) {
        if (row.guarantee && row.met == false) {
            (void)std::fprintf(stderr, "broken: %s\n", row.name.c_str());
            ++failures;
        }
    }
    return failures == 0 ? 0 : 1;
}

int run_bench(int argc, char** argv) {
    Options options;
    CLI::App app{"noa's benchmark: every figure beside the raw library and the peers"};
    read_options(app, options);
    CLI11_PARSE(app, argc, argv);
    options.programs.self = std::filesystem::read_symlink("/proc/self/exe");

    const auto environment = describe_environment(options.programs);
    (void)std::fputs((render_environment(environment) + "\n").c_str(), stdout);
    (void)std::fflush(stdout);
    auto scratch = TempDir::make(std::filesystem::temp_directory_path());
    if (!scratch) {
        (void)std::fprintf(stderr, "%s\n", scratch.error().text().c_str());
        return 1;
    }
    const auto catalogue = options.reload ? make_reload_catalogue(options.only, options.quick)
                                          : make_catalogue(options.only, options.quick);
    return report(options, environment, catalogue, measure(options, catalogue, scratch->path()));
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 4 && std::string_view(argv[1]) == "--task") {
            return run_task(argv[2], argv[3]);
        }
        return run_bench(argc, argv);
    } catch (const std::exception& caught) {
        (void)std::fprintf(stderr, "noa-bench: %s\n", caught.what());
        return 1;
    }
}
