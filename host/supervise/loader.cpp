#include "supervise/loader.hpp"

#include "plugin/scan.hpp"

namespace noa::supervise {

Loader::Loader(plugin::StageDir stage, plugin::Probe probe)
    : stage_(std::move(stage)), probe_(std::move(probe)) {}

Result<Loader> Loader::open(const std::filesystem::path& state_dir,
                            const std::filesystem::path& runner) {
    auto stage = plugin::StageDir::open(state_dir / "stage");
    if (!stage) {
        return Failure(stage.error());
    }
    return Loader(std::move(*stage), plugin::Probe(runner, state_dir / "verdicts"));
}

namespace {

// The source's owner and place decide, the copy's bytes are what is scanned.
Result<plugin::ScanFacts> scan_copy(const CatalogEntry& entry, const plugin::StagedFile& file,
                                    const config::AgentConfig& config) {
    plugin::ScanOptions options;
    options.allow_pinned = config.allow_pinned;
    options.check_owner = false; // the copy is ours
    auto scanned = plugin::scan(file.path, options);
    if (!scanned) {
        auto error = scanned.error();
        error.object = entry.path.string();
        return Failure(std::move(error));
    }
    return scanned;
}

// What may keep the library mapped, should it stay: told by its bytes.
void add_pinning(const plugin::ScanFacts& scanned, plugin::ProbeFacts& facts) {
    auto reasons = scanned.pinning;
    for (const auto& library : scanned.needed) {
        if (library.starts_with("libasan.") || library.starts_with("libtsan.")) {
            reasons.push_back("a sanitizer build (" + library + ")");
        }
    }
    facts.pinned.insert(facts.pinned.begin(), reasons.begin(), reasons.end());
}

Result<void> check_facts(const CatalogEntry& entry, const plugin::ProbeFacts& facts,
                         const config::AgentConfig& config) {
    if (!facts.pinned.empty() && !config.allow_pinned) {
        return fail(Errc::refused, "load plugin", entry.path.string(),
                    "it stays mapped after dlclose: " + facts.pinned.front(),
                    "build it with the flags of noa-plugin.pc, or set allow_pinned");
    }
    const auto& name = entry.plugin;
    if (facts.id != name) {
        return fail(Errc::refused, "load plugin", entry.path.string(),
                    "id: wanted \"" + name + "\" (the file's name), found \"" + facts.id + "\"",
                    "rename the file to " + facts.id + ".so");
    }
    return {};
}

} // namespace

Result<Prepared> Loader::prepare(const CatalogEntry& entry, const config::AgentConfig& config,
                                 std::chrono::milliseconds probe_timeout,
                                 const std::function<void(const char*)>& progress) {
    if (!entry.usable()) {
        return fail(Errc::refused, "load plugin", entry.path.string(), entry.complaint());
    }
    if (auto owned = plugin::check_owner(entry.path); !owned) {
        return Failure(owned.error());
    }
    progress("stage");
    auto staged = [&] {
        const std::lock_guard lock(*mutex_);
        return stage_.stage(entry.path, config.name);
    }();
    if (!staged) {
        return Failure(staged.error());
    }
    if (!entry.origin.empty()) {
        staged->source = entry.origin;
    }
    if (!entry.kept_digest.empty() && staged->digest != entry.kept_digest) {
        plugin::StageDir::remove(*staged);
        return fail(Errc::refused, "load plugin", entry.path.string(),
                    "digest: wanted " + entry.kept_digest + ", found " + staged->digest,
                    "the kept version is damaged; install the plugin's file again");
    }
    progress("scan");
    auto scanned = scan_copy(entry, *staged, config);
    if (!scanned) {
        plugin::StageDir::remove(*staged);
        return Failure(scanned.error());
    }
    progress("probe");
    // Refused with its settings, it may still tell their schema, which knows file and line.
    auto facts = probe_.run(*staged, config.settings.dump(), probe_timeout);
    std::optional<Error> settings_refusal;
    if (!facts && facts.error().reason.starts_with("configure: ")) {
        settings_refusal = facts.error();
        facts = probe_.run(*staged, "", probe_timeout);
        if (!facts) {
            facts = Failure(*settings_refusal);
        }
    }
    if (!facts) {
        plugin::StageDir::remove(*staged);
        return Failure(facts.error());
    }
    if (auto named = check_facts(entry, *facts, config); !named) {
        plugin::StageDir::remove(*staged);
        return Failure(named.error());
    }
    add_pinning(*scanned, *facts);
    return Prepared{std::move(*staged), std::move(*facts), std::move(settings_refusal)};
}

Result<plugin::StagedFile> Loader::stage_again(const plugin::StagedFile& file,
                                               const std::string& agent) {
    auto staged = [&] {
        const std::lock_guard lock(*mutex_);
        return stage_.stage(file.path, agent);
    }();
    if (staged) {
        staged->source = file.source;
    }
    return staged;
}

} // namespace noa::supervise
