// What only reads: snapshots and what is in them; keys.
#include <algorithm>
#include <utility>

#include "../archive/tree_walk.hpp"
#include "../jobs/session.hpp"
#include "agent.hpp"

namespace backup {

namespace {

constexpr std::uint32_t most_lines = 10'000;

noa::Json node_json(const std::string& path, const Node& node) {
    return {{"path", path},
            {"type", name_of(node.kind)},
            {"size", node.size},
            {"mtime", node.mtime.text()},
            {"mode", permissions_of(node.mode)}};
}

JobResult list(Repository& repository, const ListRequest& request) {
    auto all = repository.snapshots();
    if (!all) {
        return all.error();
    }
    std::ranges::reverse(*all);
    noa::Json lines = noa::Json::array();
    for (const Snapshot& snapshot : *all) {
        if (lines.size() < std::min(request.limit, most_lines) &&
            (!request.plan || snapshot.has_tag(tag_of(*request.plan)))) {
            lines.push_back(snapshot_info(snapshot));
        }
    }
    return noa::Json{{"snapshots", std::move(lines)}};
}

JobResult ls(Repository& repository, const LsRequest& request, const std::stop_token& stop) {
    const auto snapshot = repository.snapshot(request.snapshot);
    auto reader = BlobReader::make(repository);
    if (!snapshot || !reader) {
        return !snapshot ? snapshot.error() : reader.error();
    }
    const auto top = find_node_at(*reader, snapshot->tree, request.path);
    if (!top) {
        return top.error();
    }
    noa::Json lines = noa::Json::array();
    if (!top->subtree) {
        lines.push_back(node_json(request.path, *top));
        return noa::Json{{"nodes", std::move(lines)}, {"more", false}};
    }
    bool more = false;
    const noa::Status walked = walk_tree(
        *reader, *top->subtree, request.path, [&](const std::string& path, const Node& node) {
            more = lines.size() >= std::min(request.limit, most_lines);
            if (more || stop.stop_requested()) {
                return Step::end;
            }
            lines.push_back(node_json(path, node));
            return request.recursive ? Step::into : Step::past;
        });
    return walked ? JobResult(noa::Json{{"nodes", std::move(lines)}, {"more", more}})
                  : walked.error();
}

JobResult diff(Repository& repository, const DiffRequest& request) {
    const auto from = repository.snapshot(request.from);
    const auto to = repository.snapshot(request.to);
    auto reader = BlobReader::make(repository);
    if (!from || !to || !reader) {
        return !from ? from.error() : !to ? to.error() : reader.error();
    }
    const std::size_t most = std::min(request.limit, most_lines);
    auto found = compare_trees(*reader, from->tree, to->tree, most);
    if (!found) {
        return found.error();
    }
    const bool more = found->size() > most;
    found->resize(std::min(found->size(), most));
    noa::Json lines = noa::Json::array();
    for (const Difference& line : *found) {
        lines.push_back({{"kind", std::string(1, line.kind)}, {"path", line.path}});
    }
    return noa::Json{{"changes", std::move(lines)}, {"more", more}};
}

} // namespace

void Backup::look(const Text& repository, Look look, noa::Responder responder) {
    const auto name = repository_of(repository);
    if (!name) {
        responder.fail(name.error());
        return;
    }
    task(
        [settings = settings_, name = *name,
         look = std::move(look)](const std::stop_token& stop) mutable -> JobResult {
            const auto session = Session::open(settings->repositories.at(name), Lock::Kind::shared);
            return session ? look((*session)->repository(), stop) : JobResult(session.error());
        },
        [responder = std::move(responder)](const JobResult& answer) mutable {
            if (answer) {
                responder.reply(noa::json_body(*answer));
            } else {
                responder.fail(answer.error());
            }
        });
}

void Backup::set_up_looks(noa::Setup& setup) {
    setup.operation("list", "The snapshots, the newest first",
                    [this](const ListRequest& request, noa::Responder responder) {
                        look(
                            request.repository,
                            [request](Repository& repository, const std::stop_token&) {
                                return list(repository, request);
                            },
                            std::move(responder));
                    });
    setup.operation(
        "show", "A snapshot", [this](const SnapshotRequest& request, noa::Responder responder) {
            look(
                request.repository,
                [request](Repository& repository, const std::stop_token&) -> JobResult {
                    const auto snapshot = repository.snapshot(request.snapshot);
                    return snapshot ? JobResult(snapshot_info(*snapshot)) : snapshot.error();
                },
                std::move(responder));
        });
    setup.operation("ls", "What is in a snapshot",
                    [this](const LsRequest& request, noa::Responder responder) {
                        look(
                            request.repository,
                            [request](Repository& repository, const std::stop_token& stop) {
                                return ls(repository, request, stop);
                            },
                            std::move(responder));
                    });
    setup.operation("diff", "What changed between two snapshots",
                    [this](const DiffRequest& request, noa::Responder responder) {
                        look(
                            request.repository,
                            [request](Repository& repository, const std::stop_token&) {
                                return diff(repository, request);
                            },
                            std::move(responder));
                    });
}

void Backup::set_up_keys(noa::Setup& setup) {
    setup.operation("keys.list", "The keys of a repository",
                    [this](const RepositoryRequest& request, noa::Responder responder) {
                        look(
                            request.repository,
                            [](Repository& repository, const std::stop_token&) -> JobResult {
                                const auto keys = repository.keys();
                                if (!keys) {
                                    return keys.error();
                                }
                                noa::Json lines = noa::Json::array();
                                for (const StoredKey& key : *keys) {
                                    lines.push_back({{"id", key.id.hex()},
                                                     {"created", key.key.created},
                                                     {"user", key.key.username},
                                                     {"host", key.key.hostname},
                                                     {"in_use", key.id == repository.key()}});
                                }
                                return noa::Json{{"keys", std::move(lines)}};
                            },
                            std::move(responder));
                    });
    setup.operation("keys.add", "A further password",
                    [this](const KeyAddRequest& request, noa::Responder responder) {
                        look(
                            request.repository,
                            [request](Repository& repository, const std::stop_token&) -> JobResult {
                                const auto password = read_password(request.password_file);
                                const auto id =
                                    password
                                        ? repository.add_key(*password, Origin::of_this_process())
                                        : noa::Result<Id>(password.error());
                                return id ? JobResult(noa::Json{{"id", id->hex()}}) : id.error();
                            },
                            std::move(responder));
                    });
    setup.operation("keys.remove", "Takes a key, and its password, away",
                    [this](const KeyRemoveRequest& request, noa::Responder responder) {
                        look(
                            request.repository,
                            [request](Repository& repository, const std::stop_token&) -> JobResult {
                                const auto id = Id::parse(request.key);
                                const noa::Status removed = id ? repository.remove_key(*id)
                                                               : noa::invalid("/key: not an id");
                                return removed ? JobResult(noa::Json{{"removed", request.key}})
                                               : removed.error();
                            },
                            std::move(responder));
                    });
}

} // namespace backup
