// One connection to a server that keeps configuration: what noa and etcd are asked alike.
#pragma once

#include <zmq.h>

#include <memory>
#include <string>

namespace noa::bench {

// One thing asked at a time. Throws std::runtime_error when the server refuses or goes away.
class ConfigClient {
public:
    ConfigClient() = default;
    ConfigClient(const ConfigClient&) = delete;
    ConfigClient& operator=(const ConfigClient&) = delete;
    virtual ~ConfigClient() = default;

    // What zmq_poll waits for.
    [[nodiscard]] virtual zmq_pollitem_t readiness() const = 0;
    virtual void put(const std::string& key, const std::string& json) = 0;
    virtual void get(const std::string& key) = 0;
    // From then on each change of `key` is an answer of its own, behind one that it is watched.
    virtual void watch(const std::string& key) = 0;
    // As `watch`, from a revision that the client keeps: nothing is missed, whatever happens
    // between two answers. Asks again by itself.
    virtual void follow(const std::string& key) { watch(key); }
    // Answers that came until now; does not wait.
    [[nodiscard]] virtual unsigned take() = 0;
};

// `address`: a host's runtime directory.
[[nodiscard]] std::unique_ptr<ConfigClient> connect_to_noa(void* context,
                                                           const std::string& address);
// `address`: a port of this machine, that of etcd's HTTP and JSON gateway.
[[nodiscard]] std::unique_ptr<ConfigClient> connect_to_etcd(const std::string& address);

} // namespace noa::bench
