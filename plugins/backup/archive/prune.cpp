#include "prune.hpp"

#include <algorithm>
#include <unordered_map>

#include "../repository/blob_writer.hpp"

namespace backup {

namespace {

enum class Fate : std::uint8_t { keep, repack, remove };

struct PackState {
    std::uint64_t used = 0;
    std::uint64_t unused = 0;
    Fate fate = Fate::keep;
};

class Prune {
public:
    Prune(Repository& repository, const PruneOptions& options, Progress& progress,
          const std::stop_token& stop)
        : repository_(repository), options_(options), progress_(progress), stop_(stop) {}

    noa::sdk::Result<PruneReport> run() {
        for (const auto step : {&Prune::find_used, &Prune::decide, &Prune::repack,
                                &Prune::replace_index, &Prune::remove_packs}) {
            if (stop_.stop_requested()) {
                return interrupted();
            }
            if (noa::sdk::Status done = (this->*step)(); !done) {
                return done.error();
            }
        }
        if (!options_.dry_run) {
            if (noa::sdk::Status loaded = repository_.load_index(); !loaded) {
                return loaded.error();
            }
        }
        return report_;
    }

private:
    noa::sdk::Status find_used() {
        const auto snapshots = repository_.snapshots();
        const auto index_files = repository_.store().list(FileKind::index);
        if (!snapshots || !index_files) {
            return !snapshots ? snapshots.error() : index_files.error();
        }
        for (const StoredFile& file : *index_files) {
            old_index_.push_back(file.id);
        }
        if (noa::sdk::Status loaded = repository_.load_index(); !loaded) {
            return loaded;
        }
        std::string trouble;
        for (const Snapshot& snapshot : *snapshots) {
            if (noa::sdk::Status done =
                    usage_.add(repository_, snapshot,
                               [&](const std::string& what, const std::string& why) {
                                   trouble = what;
                                   trouble.append(": ").append(why);
                               });
                !done) {
                return done;
            }
            if (!trouble.empty()) {
                return noa::sdk::invalid("nothing was removed: " + trouble +
                                         "; run check, and repair first");
            }
        }
        return {};
    }

    noa::sdk::Status decide() {
        const Index& index = repository_.index();
        entries_ = index.size();
        packs_.resize(index.packs().size());
        std::uint64_t used = 0;
        std::uint64_t unused = 0;
        index.each(0, entries_, [&](std::size_t at, std::uint32_t pack, const PackedBlob& blob) {
            (usage_.used(at) ? packs_[pack].used : packs_[pack].unused) += blob.size;
        });
        std::vector<std::uint32_t> partly;
        for (std::uint32_t at = 0; at < packs_.size(); ++at) {
            PackState& pack = packs_[at];
            used += pack.used;
            if (pack.used == 0) {
                pack.fate = Fate::remove;
            } else if (pack.unused > 0) {
                partly.push_back(at);
                unused += pack.unused;
            }
        }
        // The most waste for the least copying first.
        std::ranges::sort(partly, [this](std::uint32_t left, std::uint32_t right) {
            return packs_[left].unused * packs_[right].used >
                   packs_[right].unused * packs_[left].used;
        });
        const double allowed = options_.max_unused * static_cast<double>(used);
        for (const std::uint32_t at : partly) {
            if (static_cast<double>(unused) <= allowed) {
                break;
            }
            packs_[at].fate = Fate::repack;
            unused -= packs_[at].unused;
        }
        report_.unused_bytes = unused;
        return count_files();
    }

    // What is there, and that all that is needed is.
    noa::sdk::Status count_files() {
        const auto files = repository_.store().list(FileKind::data);
        if (!files) {
            return files.error();
        }
        const Index& index = repository_.index();
        std::unordered_map<Id, std::uint64_t, IdHash> sizes;
        for (const StoredFile& file : *files) {
            sizes.emplace(file.id, file.size);
            if (!index.has_pack(file.id)) {
                unlisted_.push_back(file.id);
                report_.freed_bytes += file.size;
            }
        }
        report_.unlisted_packs = unlisted_.size();
        for (std::size_t at = 0; at < packs_.size(); ++at) {
            const auto found = sizes.find(index.packs()[at]);
            if (found == sizes.end() && packs_[at].used > 0) {
                return noa::sdk::invalid("nothing was removed: pack " +
                                         index.packs()[at].short_hex() +
                                         " is not there; run check, and repair first");
            }
            const bool goes = packs_[at].fate != Fate::keep;
            report_.kept_packs += goes ? 0U : 1U;
            report_.removed_packs += goes ? 1U : 0U;
            report_.repacked_packs += packs_[at].fate == Fate::repack ? 1U : 0U;
            report_.freed_bytes += goes && found != sizes.end() ? packs_[at].unused : 0;
        }
        progress_.all_files = report_.repacked_packs;
        changes_ = report_.removed_packs > 0;
        return {};
    }

    // Blob by blob as they are, each read and checked before.
    noa::sdk::Status repack() {
        if (options_.dry_run || report_.repacked_packs == 0) {
            return {};
        }
        BlobWriter writer(repository_);
        writer.leave_index();
        auto reader = BlobReader::make(repository_);
        if (!reader) {
            return reader.error();
        }
        const Index& index = repository_.index();
        Bytes sealed;
        Bytes copy;
        for (std::size_t at = 0; at < entries_; ++at) {
            std::optional<Location> from;
            index.each(at, at + 1, [&](std::size_t, std::uint32_t pack, const PackedBlob& blob) {
                if (usage_.used(at) && packs_[pack].fate == Fate::repack) {
                    from = Location{index.packs()[pack], blob};
                }
            });
            if (!from) {
                continue;
            }
            if (stop_.stop_requested()) {
                return interrupted();
            }
            sealed.resize(from->blob.size);
            if (noa::sdk::Status read = repository_.store().read({FileKind::data, from->pack},
                                                                 from->blob.offset, sealed);
                !read) {
                return read;
            }
            copy = sealed; // opened in place
            if (const auto plain = reader->open(from->blob, copy); !plain) {
                return noa::sdk::invalid("nothing was removed: pack " + from->pack.short_hex() +
                                         ": " + plain.error().text);
            }
            if (noa::sdk::Status saved = writer.save_sealed(from->blob, sealed); !saved) {
                return saved;
            }
            progress_.bytes += sealed.size();
        }
        return writer.close_packs();
    }

    noa::sdk::Status replace_index() {
        if (options_.dry_run || !changes_) {
            return {};
        }
        return backup::replace_index(repository_, old_index_, [this](std::uint32_t pack) {
            return pack >= packs_.size() || packs_[pack].fate == Fate::keep;
        });
    }

    noa::sdk::Status remove_packs() {
        if (options_.dry_run) {
            return {};
        }
        std::vector<Id> going = unlisted_;
        for (std::size_t at = 0; at < packs_.size(); ++at) {
            if (packs_[at].fate != Fate::keep) {
                going.push_back(repository_.index().packs()[at]);
            }
        }
        for (const Id& id : going) {
            if (noa::sdk::Status gone = repository_.store().remove({FileKind::data, id}); !gone) {
                return gone;
            }
        }
        return {};
    }

    Repository& repository_;
    const PruneOptions& options_;
    Progress& progress_;
    const std::stop_token& stop_;
    Usage usage_;
    std::size_t entries_ = 0; // of the index, before anything is added
    std::vector<PackState> packs_;
    std::vector<Id> old_index_;
    std::vector<Id> unlisted_;
    bool changes_ = false;
    PruneReport report_;
};

} // namespace

noa::sdk::Status replace_index(Repository& repository, std::vector<Id> old,
                               const WantedPack& wanted) {
    const Index& index = repository.index();
    std::vector<Id> supersedes = old;
    std::size_t first = 0;
    do { // one at least: it says what is superseded
        const std::size_t last = std::min(index.size(), first + most_index_blobs);
        const auto saved = repository.save_document(
            FileKind::index, index_json(index, first, last, supersedes, wanted));
        if (!saved) {
            return saved.error();
        }
        std::erase(old, *saved);
        supersedes.clear();
        first = last;
    } while (first < index.size());
    for (const Id& id : old) {
        if (noa::sdk::Status gone = repository.store().remove({FileKind::index, id}); !gone) {
            return gone;
        }
    }
    return {};
}

noa::sdk::Result<PruneReport> prune(Repository& repository, const PruneOptions& options,
                                    Progress& progress, const std::stop_token& stop) {
    return Prune(repository, options, progress, stop).run();
}

} // namespace backup
