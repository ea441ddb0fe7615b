#include "repository.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <mutex>
#include <sstream>

#include "index_file.hpp"
#include "json_reader.hpp"
#include "polynomial.hpp"

namespace backup {

namespace {

constexpr std::uint64_t longest_config = 64U << 10U;
constexpr std::uint64_t longest_document = 64U << 20U;
constexpr std::size_t most_keys = 100;
constexpr std::uint8_t compressed_document = 2;

std::string hex_of(std::uint64_t value) {
    std::array<char, 16> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, 16);
    return {text.data(), end.ptr};
}

// In ticks since the system's start; 0 where /proc does not say.
std::uint64_t start_of_this_process() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    text.erase(0, std::min(text.rfind(')') + 1, text.size())); // a name may have spaces
    std::istringstream fields(text);
    std::string field;
    for (int at = 0; at < 20 && fields >> field; ++at) {}
    std::uint64_t ticks = 0;
    std::from_chars(field.data(), field.data() + field.size(), ticks);
    return ticks;
}

} // namespace

Origin Origin::of_this_process() {
    Origin origin;
    origin.uid = ::getuid();
    origin.gid = ::getgid();
    origin.pid = static_cast<std::uint32_t>(::getpid());
    origin.started = start_of_this_process();
    std::array<char, 256> text{};
    if (::gethostname(text.data(), text.size() - 1) == 0) {
        origin.hostname = text.data();
    }
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> room{};
    if (::getpwuid_r(origin.uid, &entry, room.data(), room.size(), &found) == 0 &&
        found != nullptr) {
        origin.username = found->pw_name;
    }
    return origin;
}

noa::sdk::Result<Repository::Ptr>
Repository::create(std::unique_ptr<Store> store, std::string_view password, const Origin& origin) {
    const auto polynomial = random_polynomial();
    if (!polynomial) {
        return polynomial.error();
    }
    return create(std::move(store), password, origin, *polynomial);
}

noa::sdk::Result<Repository::Ptr> Repository::create(std::unique_ptr<Store> store,
                                                     std::string_view password,
                                                     const Origin& origin,
                                                     std::uint64_t polynomial) {
    if (password.empty()) {
        return noa::sdk::invalid("the password is empty");
    }
    Ptr repository(new Repository(std::move(store)));
    auto master = MasterKey::make();
    if (!master) {
        return master.error();
    }
    repository->master_ = *master;
    repository->config_.polynomial = polynomial;
    if (noa::sdk::Status filled = fill_random(repository->config_.id.bytes); !filled) {
        return filled.error();
    }
    // The config is last: without it there is no repository.
    auto key = repository->add_key(password, origin);
    if (!key) {
        return key.error();
    }
    repository->key_id_ = *key;
    const std::string config = R"({"version":2,"id":")" + repository->config_.id.hex() +
                               R"(","chunker_polynomial":")" + hex_of(polynomial) + "\"}";
    if (const auto saved = repository->save_document(FileKind::config, config); !saved) {
        static_cast<void>(repository->store_->remove({FileKind::key, *key}));
        return saved.error();
    }
    return repository;
}

noa::sdk::Result<Repository::Ptr> Repository::open(std::unique_ptr<Store> store,
                                                   std::string_view password) {
    Ptr repository(new Repository(std::move(store)));
    auto keys = repository->keys();
    if (!keys) {
        return keys.error();
    }
    noa::sdk::Error refusal =
        noa::sdk::denied("wrong password: no key of " + repository->store_->place() + " is its");
    for (const StoredKey& stored : *keys) {
        auto master = stored.key.unlock(password);
        if (!master) {
            continue;
        }
        repository->master_ = *master;
        repository->key_id_ = stored.id;
        const auto text = repository->load_document(FileKind::config, {});
        auto config = text ? parse_config(*text) : noa::sdk::Result<RepositoryConfig>(text.error());
        if (!config) {
            return config.error();
        }
        repository->config_ = *config;
        return repository;
    }
    return refusal;
}

noa::sdk::Result<std::string> Repository::load_document(FileKind kind, const Id& id) {
    auto bytes = read_file(*store_, {kind, id},
                           kind == FileKind::config ? longest_config : longest_document);
    auto sealer = Sealer::make(master_);
    if (!bytes || !sealer) {
        return bytes ? sealer.error() : bytes.error();
    }
    const std::string what = std::string(folder_of(kind)) + "/" + id.short_hex() + ": ";
    const auto text = sealer->open(*bytes);
    if (!text) {
        return noa::sdk::invalid(what + text.error().text);
    }
    if (text->empty() || (*text)[0] != compressed_document || kind == FileKind::config) {
        return std::string(text_of(*text));
    }
    const auto json = Decompressor().decompress_all(text->subspan(1), longest_document);
    if (!json) {
        return noa::sdk::invalid(what + json.error().text);
    }
    return std::string(text_of(*json));
}

noa::sdk::Result<Id> Repository::save_document(FileKind kind, std::string_view json) {
    Bytes bytes;
    if (config_.version > 1 && kind != FileKind::config) {
        if (noa::sdk::Status done = Compressor().compress(view_of(json), iv_size + 1, bytes);
            !done) {
            return done.error();
        }
        bytes[iv_size] = compressed_document;
    } else {
        bytes.resize(iv_size + json.size());
        std::ranges::copy(json, bytes.begin() + iv_size);
    }
    auto sealer = Sealer::make(master_);
    if (!sealer) {
        return sealer.error();
    }
    if (noa::sdk::Status sealed = sealer->seal(bytes); !sealed) {
        return sealed.error();
    }
    return write_file(*store_, kind, bytes);
}

noa::sdk::Status Repository::load_index() {
    const auto files = store_->list(FileKind::index);
    if (!files) {
        return files.error();
    }
    Index fresh;
    for (const StoredFile& file : *files) {
        const auto json = load_document(FileKind::index, file.id);
        if (!json && json.error().status == NOA_E_NOT_FOUND) {
            continue; // superseded by another's prune, which took what it listed along
        }
        noa::sdk::Status parsed = json ? parse_index(*json, fresh) : json.error();
        if (!parsed) {
            return noa::sdk::invalid("index/" + file.id.short_hex() + ": " + parsed.error().text);
        }
    }
    const std::unique_lock lock(index_mutex_);
    index_ = std::move(fresh);
    return {};
}

std::optional<Location> Repository::find(const Id& id, BlobKind kind) const {
    const std::shared_lock lock(index_mutex_);
    return index_.find(id, kind);
}

noa::sdk::Result<std::vector<Snapshot>> Repository::snapshots() {
    const auto files = store_->list(FileKind::snapshot);
    if (!files) {
        return files.error();
    }
    std::vector<Snapshot> all;
    for (const StoredFile& file : *files) {
        const auto json = load_document(FileKind::snapshot, file.id);
        if (!json && json.error().status == NOA_E_NOT_FOUND) {
            continue; // forgotten since
        }
        auto snapshot = json ? parse_snapshot(*json) : noa::sdk::Result<Snapshot>(json.error());
        if (!snapshot) {
            return noa::sdk::invalid("snapshots/" + file.id.short_hex() + ": " +
                                     snapshot.error().text);
        }
        snapshot->id = file.id;
        all.push_back(*std::move(snapshot));
    }
    std::ranges::sort(all, [](const Snapshot& left, const Snapshot& right) {
        return std::tie(left.time, left.id) < std::tie(right.time, right.id);
    });
    return all;
}

noa::sdk::Result<Snapshot> Repository::snapshot(std::string_view id) {
    auto all = snapshots();
    if (!all) {
        return all.error();
    }
    if (id == "latest") {
        if (all->empty()) {
            return noa::sdk::not_found("there is no snapshot yet");
        }
        return std::move(all->back());
    }
    const Snapshot* found = nullptr;
    for (const Snapshot& snapshot : *all) {
        if (!id.empty() && snapshot.id.hex().starts_with(id)) {
            if (found != nullptr) {
                return noa::sdk::invalid("several snapshots begin with " + std::string(id));
            }
            found = &snapshot;
        }
    }
    if (found == nullptr) {
        return noa::sdk::not_found("there is no snapshot " + std::string(id.substr(0, 64)));
    }
    return *found;
}

noa::sdk::Result<Id> Repository::save_snapshot(const Snapshot& snapshot) {
    return save_document(FileKind::snapshot, snapshot_json(snapshot));
}

noa::sdk::Result<std::vector<StoredKey>> Repository::keys() {
    const auto files = store_->list(FileKind::key);
    if (!files) {
        return files.error();
    }
    std::vector<StoredKey> all;
    for (const StoredFile& file : *files) {
        const auto bytes = read_file(*store_, {FileKind::key, file.id}, longest_config);
        auto key =
            bytes ? KeyFile::parse(text_of(*bytes)) : noa::sdk::Result<KeyFile>(bytes.error());
        if (key && all.size() < most_keys) { // one that is damaged must not lock the others out
            all.push_back({file.id, *std::move(key)});
        }
    }
    if (all.empty()) {
        return noa::sdk::invalid(store_->place() + ": no key that can be read in keys/");
    }
    return all;
}

noa::sdk::Result<Id> Repository::add_key(std::string_view password, const Origin& origin) {
    if (password.empty()) {
        return noa::sdk::invalid("the password is empty");
    }
    auto key = KeyFile::make(password, master_);
    if (!key) {
        return key.error();
    }
    key->created = Timestamp::now().text();
    key->hostname = origin.hostname;
    key->username = origin.username;
    return write_file(*store_, FileKind::key, view_of(key->json()));
}

noa::sdk::Status Repository::remove_key(const Id& id) {
    if (id == key_id_) {
        return noa::sdk::Error{NOA_E_STATE, "the key that is in use cannot be removed"};
    }
    if (const auto there = store_->size({FileKind::key, id}); !there) {
        return noa::sdk::not_found("there is no key " + id.short_hex());
    }
    return store_->remove({FileKind::key, id});
}

} // namespace backup
