#include "restorer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "../repository/system_error.hpp"
#include "excludes.hpp"
#include "file_maker.hpp"
#include "job_queue.hpp"

namespace backup {

namespace {

struct FileJob {
    Spot spot;
    Node node;
};

class Restoration {
public:
    Restoration(Repository& repository, const RestoreOptions& options, Progress& progress,
                std::stop_token stop)
        : repository_(repository), options_(options), progress_(progress), stop_(std::move(stop)),
          queue_(most_jobs) {}
    Restoration(const Restoration&) = delete;
    Restoration& operator=(const Restoration&) = delete;
    ~Restoration() { join(); }

    noa::sdk::Result<RestoreResult> run(const Snapshot& snapshot) {
        auto reader = BlobReader::make(repository_);
        if (!reader) {
            return reader.error();
        }
        const auto node = find_node_at(*reader, snapshot.tree, options_.path);
        if (!node) {
            return node.error();
        }
        for (unsigned worker = 0; worker < std::max(options_.workers, 1U); ++worker) {
            auto its = BlobReader::make(repository_);
            if (!its) {
                return its.error();
            }
            threads_.emplace_back([this, its = *std::move(its)]() mutable { make_files(its); });
        }
        {
            const auto target = open_target();
            if (!target) {
                return target.error();
            }
            walk_top(*reader, snapshot, *node, *target);
        }
        join();
        if (stop_.stop_requested()) {
            return interrupted();
        }
        return RestoreResult{progress_.files, progress_.bytes, folders_};
    }

private:
    // Each may hold a directory open.
    static constexpr std::size_t most_jobs = 128;

    noa::sdk::Result<FolderPtr> open_target() const {
        std::error_code failed;
        std::filesystem::create_directories(options_.target, failed);
        UniqueFd fd(::open(options_.target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!fd) {
            return system_error("open", options_.target);
        }
        return FolderPtr(new Folder(std::move(fd), options_.target, progress_));
    }

    void fault(const std::string& path, const noa::sdk::Error& error) {
        progress_.fault(path, error.text);
    }

    // Through the folders above, or right into what was asked for.
    void walk_top(BlobReader& reader, const Snapshot& snapshot, const Node& node,
                  const FolderPtr& target) {
        std::vector<std::string> parts = parts_of(options_.path);
        if (options_.strip || parts.empty()) {
            if (node.kind == NodeKind::dir) {
                walk(reader, *node.subtree, target, options_.target);
            } else {
                add(reader, {target, node.name, options_.target + "/" + node.name}, node);
            }
            return;
        }
        FolderPtr folder = target;
        std::string path = options_.target;
        std::string in_snapshot;
        for (std::size_t at = 0; at + 1 < parts.size(); ++at) {
            path.append("/").append(parts[at]);
            in_snapshot.append("/").append(parts[at]);
            const auto above = find_node_at(reader, snapshot.tree, in_snapshot);
            auto made = above ? make_folder({folder, parts[at], path}, *above, progress_)
                              : noa::sdk::Result<FolderPtr>(above.error());
            if (!made) {
                fault(path, made.error());
                return;
            }
            ++folders_;
            folder = *made;
        }
        add(reader, {folder, node.name, path + "/" + node.name}, node);
    }

    void walk(BlobReader& reader, const Id& tree, const FolderPtr& folder,
              const std::string& path) {
        auto nodes = load_tree(reader, tree);
        if (!nodes) {
            fault(path, nodes.error());
            return;
        }
        for (Node& node : *nodes) {
            if (stop_.stop_requested()) {
                return;
            }
            Spot spot{folder, node.name, path + "/" + node.name};
            add(reader, std::move(spot), std::move(node));
        }
    }

    void add(BlobReader& reader, Spot spot, Node node) {
        if (node.kind == NodeKind::dir) {
            auto folder = make_folder(spot, node, progress_);
            if (!folder) {
                fault(spot.path, folder.error());
                return;
            }
            ++folders_;
            walk(reader, *node.subtree, *folder, spot.path);
        } else if (node.kind != NodeKind::file) {
            if (noa::sdk::Status made = make_special(spot, node); !made) {
                fault(spot.path, made.error());
            }
        } else if (node.links > 1) {
            add_linked(reader, spot, node);
        } else {
            queue_.push({std::move(spot), std::move(node)}, 1);
        }
    }

    // A file with several names is made before the next of them comes.
    void add_linked(BlobReader& reader, const Spot& spot, const Node& node) {
        const auto [first, fresh] =
            first_.try_emplace(std::pair(node.device_id, node.inode), spot.path);
        if (!fresh && make_hard_link(spot, first->second)) {
            return;
        }
        first->second = spot.path; // not to be linked, as across file systems: a file of its own
        make(reader, spot, node);
    }

    void make(BlobReader& reader, const Spot& spot, const Node& node) {
        if (noa::sdk::Status made = make_file(spot, node, reader, options_.read_back); !made) {
            fault(spot.path, made.error());
        } else {
            progress_.files += 1;
            progress_.bytes += node.size;
        }
    }

    void make_files(BlobReader& reader) {
        std::size_t bytes = 0;
        while (std::optional<FileJob> job = queue_.pop(bytes)) {
            if (!stop_.stop_requested()) {
                make(reader, job->spot, job->node);
            }
            job.reset();
            queue_.done(bytes);
        }
    }

    void join() {
        queue_.close();
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }

    Repository& repository_;
    const RestoreOptions& options_;
    Progress& progress_;
    std::stop_token stop_;
    JobQueue<FileJob> queue_;
    std::vector<std::thread> threads_;
    std::uint64_t folders_ = 0;
    // Where the first name of a file with several is.
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> first_;
};

} // namespace

noa::sdk::Result<RestoreResult> restore(Repository& repository, const Snapshot& snapshot,
                                        const RestoreOptions& options, Progress& progress,
                                        const std::stop_token& stop) {
    return Restoration(repository, options, progress, stop).run(snapshot);
}

} // namespace backup
