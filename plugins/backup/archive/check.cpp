#include "check.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "tree_walk.hpp"

namespace backup {

namespace {

constexpr std::size_t most_lost = 1000;
constexpr std::size_t piece = std::size_t{1} << 20U;

// The hash of a whole pack, piece by piece.
noa::sdk::Result<Id> hash_of(Store& store, const FileName& name, std::uint64_t size) {
    Sha256 hash;
    Bytes bytes;
    for (std::uint64_t at = 0; at < size; at += bytes.size()) {
        bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece, size - at)));
        if (noa::sdk::Status read = store.read(name, at, bytes); !read) {
            return read.error();
        }
        hash.update(bytes);
    }
    return hash.finish();
}

class Check {
public:
    Check(Repository& repository, const CheckOptions& options, Progress& progress,
          const std::stop_token& stop)
        : repository_(repository), options_(options), progress_(progress), stop_(stop) {}

    noa::sdk::Result<CheckReport> run() {
        // Before the index: what a writer adds meanwhile is in neither, or in the index only.
        auto snapshots = repository_.snapshots();
        noa::sdk::Status loaded = snapshots ? repository_.load_index() : snapshots.error();
        if (!loaded) {
            return loaded.error();
        }
        if (noa::sdk::Status packs = check_packs(); !packs) {
            return packs.error();
        }
        report_.snapshots = snapshots->size();
        Usage usage;
        for (const Snapshot& snapshot : *snapshots) {
            if (stop_.stop_requested()) {
                return interrupted();
            }
            if (noa::sdk::Status done = usage.add(repository_, snapshot,
                                                  [this](std::string what, std::string why) {
                                                      progress_.fault(std::move(what),
                                                                      std::move(why));
                                                  });
                !done) {
                return done.error();
            }
        }
        if (options_.parts > 0) {
            if (noa::sdk::Status read = read_packs(); !read) {
                return read.error();
            }
        }
        if (!bad_.empty()) {
            name_lost(*snapshots);
        }
        report_.faults = progress_.kept_faults();
        report_.fault_count = progress_.faults;
        return std::move(report_);
    }

private:
    // Each pack that the index has is there, as long as its blobs and header are.
    noa::sdk::Status check_packs() {
        const auto files = repository_.store().list(FileKind::data);
        if (!files) {
            return files.error();
        }
        std::unordered_map<Id, std::uint64_t, IdHash> sizes;
        for (const StoredFile& file : *files) {
            sizes.emplace(file.id, file.size);
            report_.unlisted_packs += repository_.index().has_pack(file.id) ? 0U : 1U;
        }
        const Index& index = repository_.index();
        std::vector<std::uint64_t> wanted(index.packs().size(), 4 + seal_overhead);
        index.each(0, index.size(), [&](std::size_t, std::uint32_t pack, const PackedBlob& blob) {
            wanted[pack] += blob.size + 37U + (blob.plain_size != 0 ? 4U : 0U);
        });
        report_.packs = index.packs().size();
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            const Id& pack = index.packs()[at];
            const auto found = sizes.find(pack);
            if (found == sizes.end()) {
                bad(pack, "is not there");
                mark_all(static_cast<std::uint32_t>(at));
            } else if (found->second != wanted[at]) {
                bad(pack, "is " + std::to_string(found->second) + " bytes, should be " +
                              std::to_string(wanted[at]));
            } else if (options_.parts > 0 &&
                       pack.bytes[0] % options_.parts == options_.part % options_.parts) {
                to_read_.push_back(pack);
                progress_.all_bytes += found->second;
            }
        }
        return {};
    }

    void bad(const Id& pack, std::string why) {
        progress_.fault("pack " + pack.short_hex(), std::move(why));
        report_.bad_packs.push_back(pack);
    }
    void mark_all(std::uint32_t number) {
        const Index& index = repository_.index();
        index.each(0, index.size(), [&](std::size_t, std::uint32_t pack, const PackedBlob& blob) {
            if (pack == number) {
                bad_.insert(blob.id);
            }
        });
    }

    noa::sdk::Status read_packs() {
        std::atomic<std::size_t> next{0};
        std::vector<std::thread> threads;
        noa::sdk::Status started;
        for (unsigned worker = 0; worker < std::max(options_.workers, 1U); ++worker) {
            auto reader = BlobReader::make(repository_);
            if (!reader) {
                started = reader.error();
                break;
            }
            threads.emplace_back([this, &next, reader = *std::move(reader)]() mutable {
                for (std::size_t at = next++; at < to_read_.size() && !stop_.stop_requested();
                     at = next++) {
                    read_one(reader, to_read_[at]);
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        return started && stop_.stop_requested() ? noa::sdk::Status(interrupted()) : started;
    }

    void read_one(BlobReader& reader, const Id& pack) {
        PackFaults found = read_pack(repository_, reader, pack);
        const auto size = repository_.store().size({FileKind::data, pack});
        progress_.bytes += size ? *size : 0;
        const std::lock_guard lock(mutex_);
        report_.read_packs += 1;
        report_.read_bytes += size ? *size : 0;
        for (Fault& fault : found.faults) {
            progress_.fault(std::move(fault.what), std::move(fault.why));
        }
        for (const PackedBlob& blob : found.bad) {
            bad_.insert(blob.id);
        }
        if (!found.faults.empty()) {
            report_.bad_packs.push_back(pack);
        }
    }

    // Which files of which snapshots need what is damaged.
    void name_lost(const std::vector<Snapshot>& snapshots) {
        auto reader = BlobReader::make(repository_);
        for (const Snapshot& snapshot : snapshots) {
            if (!reader || stop_.stop_requested()) {
                return;
            }
            const std::string name = snapshot.id.short_hex();
            static_cast<void>(walk_tree(
                *reader, snapshot.tree, "/", [&](const std::string& path, const Node& node) {
                    const bool hit = (node.subtree && bad_.contains(*node.subtree)) ||
                                     std::ranges::any_of(node.content, [&](const Id& id) {
                                         return bad_.contains(id);
                                     });
                    if (hit) {
                        report_.lost.push_back({name, path});
                    }
                    return report_.lost.size() >= most_lost    ? Step::end
                           : hit && node.kind == NodeKind::dir ? Step::past
                                                               : Step::into;
                }));
        }
    }

    Repository& repository_;
    const CheckOptions& options_;
    Progress& progress_;
    const std::stop_token& stop_;
    std::vector<Id> to_read_;
    std::mutex mutex_;
    CheckReport report_;                 // guarded by mutex_ while packs are read
    std::unordered_set<Id, IdHash> bad_; // likewise
};

} // namespace

PackFaults read_pack(Repository& repository, BlobReader& reader, const Id& pack) {
    PackFaults found;
    const FileName name{FileKind::data, pack};
    const std::string what = "pack " + pack.short_hex();
    const auto size = repository.store().size(name);
    const auto hash =
        size ? hash_of(repository.store(), name, *size) : noa::sdk::Result<Id>(size.error());
    if (!hash) {
        found.faults.push_back({what, hash.error().text});
    } else if (*hash != pack) {
        found.faults.push_back({what, "its content is not what its name says"});
    }
    // The index says where its blobs are, too: each is tried there, so that the good ones are known
    // where the header is not to be read.
    std::vector<PackedBlob> blobs;
    if (auto header = reader.read_header(pack)) {
        blobs = *std::move(header);
    } else {
        found.faults.push_back({what, header.error().text});
        const Index& index = repository.index();
        index.each(0, index.size(), [&](std::size_t, std::uint32_t at, const PackedBlob& blob) {
            if (index.packs()[at] == pack) {
                blobs.push_back(blob);
            }
        });
    }
    for (const PackedBlob& blob : blobs) {
        if (const auto plain = reader.read(Location{pack, blob}); !plain) {
            found.faults.push_back({what, plain.error().text});
            found.bad.push_back(blob);
        }
    }
    return found;
}

noa::sdk::Result<CheckReport> check(Repository& repository, const CheckOptions& options,
                                    Progress& progress, const std::stop_token& stop) {
    return Check(repository, options, progress, stop).run();
}

} // namespace backup
