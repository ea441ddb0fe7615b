#include "archiver.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "assembly.hpp"
#include "job_queue.hpp"
#include "size_scan.hpp"
#include "walker.hpp"

namespace backup {

namespace {

// Hashes, compresses and encrypts what the walker has cut.
class Crew {
public:
    Crew(BlobWriter& writer, Assembly& assembly, ChunkQueue& queue, Progress& progress)
        : writer_(writer), assembly_(assembly), queue_(queue), progress_(progress) {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() {
        queue_.close();
        join();
    }

    noa::sdk::Status start(unsigned workers) {
        for (unsigned worker = 0; worker < workers; ++worker) {
            auto forge = writer_.forge();
            if (!forge) {
                return forge.error();
            }
            threads_.emplace_back([this, forge = *std::move(forge)]() mutable { work(forge); });
        }
        return {};
    }
    void join() {
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }
    // After join.
    [[nodiscard]] noa::sdk::Status outcome() const { return outcome_; }

private:
    void work(BlobForge& forge) {
        std::size_t bytes = 0;
        while (std::optional<ChunkJob> job = queue_.pop(bytes)) {
            noa::sdk::Status done = store(*job, forge);
            job->chunk.data.reset();
            queue_.done(bytes);
            if (!done) {
                const std::lock_guard lock(mutex_);
                if (outcome_) {
                    outcome_ = std::move(done);
                }
                queue_.abandon();
                return;
            }
        }
    }
    noa::sdk::Status store(ChunkJob& job, BlobForge& forge) {
        const View text(job.chunk.data.get(), job.chunk.size);
        *job.place = sha256(text);
        if (const auto saved = writer_.save(BlobKind::data, *job.place, text, forge); !saved) {
            return saved.error();
        }
        progress_.bytes += text.size();
        return assembly_.part_done(job.file, forge);
    }

    BlobWriter& writer_;
    Assembly& assembly_;
    ChunkQueue& queue_;
    Progress& progress_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    noa::sdk::Status outcome_; // guarded by mutex_: the first failure
};

std::vector<std::string> paths_of(const ArchiveOptions& options) {
    std::vector<std::string> paths;
    for (const Source& source : options.sources) {
        paths.push_back(source.path);
    }
    std::ranges::sort(paths);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    return paths;
}

noa::sdk::Result<std::optional<Snapshot>> find_parent(Repository& repository,
                                                      const ArchiveOptions& options,
                                                      const std::vector<std::string>& paths) {
    if (options.read_all) {
        return std::optional<Snapshot>();
    }
    if (options.parent) {
        auto parent = repository.snapshot(options.parent->hex());
        return parent ? noa::sdk::Result<std::optional<Snapshot>>(std::optional(*parent))
                      : parent.error();
    }
    const auto all = repository.snapshots();
    if (!all) {
        return all.error();
    }
    const Snapshot* parent = parent_of(*all, options.origin.hostname, paths);
    return parent != nullptr ? std::optional(*parent) : std::nullopt;
}

} // namespace

const Snapshot* parent_of(const std::vector<Snapshot>& all, const std::string& host,
                          const std::vector<std::string>& paths) {
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
        std::vector<std::string> its = at->paths;
        std::ranges::sort(its);
        if (at->hostname == host && its == paths) {
            return &*at;
        }
    }
    return nullptr;
}

noa::sdk::Result<ArchiveResult> archive(Repository& repository, const ArchiveOptions& options,
                                        Progress& progress, const std::stop_token& stop) {
    ArchiveResult result;
    const std::vector<std::string> paths = paths_of(options);
    const auto parent = find_parent(repository, options, paths);
    if (!parent) {
        return parent.error();
    }
    BlobWriter writer(repository);
    Assembly assembly(writer);
    ChunkQueue queue(std::size_t{10} << 20U);
    noa::sdk::Status walked;
    {
        const std::jthread scan([&](const std::stop_token& end) { // ended with the rest
            scan_sizes(options, progress, end);
        });
        Crew crew(writer, assembly, queue, progress);
        walked = crew.start(std::max(options.workers, 1U));
        if (walked) {
            auto walker =
                Walker::make(repository, options, writer, assembly, queue, progress, stop);
            walked = walker
                         ? (*walker)->walk(*parent ? std::optional((*parent)->tree) : std::nullopt)
                         : noa::sdk::Status(walker.error());
            if (walker) {
                result.files = (*walker)->files();
                result.unchanged = (*walker)->unchanged();
                result.directories = (*walker)->directories();
            }
        }
        queue.close();
        crew.join();
        if (const noa::sdk::Status worked = crew.outcome(); !worked) {
            walked = worked;
        }
    }
    // Also after a failure: what is stored is found by the next run.
    const noa::sdk::Status finished = writer.finish();
    if (!walked || !finished || !assembly.top()) {
        return !walked ? walked.error() : !finished ? finished.error() : interrupted();
    }
    result.written = writer.figures();
    result.snapshot.time = options.time;
    result.snapshot.tree = *assembly.top();
    result.snapshot.parent = *parent ? std::optional((*parent)->id) : std::nullopt;
    result.snapshot.paths = paths;
    result.snapshot.hostname = options.origin.hostname;
    result.snapshot.username = options.origin.username;
    result.snapshot.uid = options.origin.uid;
    result.snapshot.gid = options.origin.gid;
    result.snapshot.excludes = options.excludes;
    result.snapshot.tags = options.tags;
    if (progress.faults != 0) {
        result.snapshot.tags.emplace_back(partial_tag);
    }
    const auto id = repository.save_snapshot(result.snapshot);
    if (!id) {
        return id.error();
    }
    result.snapshot.id = *id;
    return result;
}

} // namespace backup
