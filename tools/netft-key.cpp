// netft-key: makes a node's key pair and shows its public key; makes and changes the cluster key.
// Man page: netft-key(1).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "netft/control/config_values.hpp"
#include "netft/control/identity.hpp"
#include "netft/control/identity_cluster.hpp"

namespace {

using namespace netft;
using namespace netft::control;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int complain(const std::string& what) {
    std::fprintf(stderr, "netft-key: %s\n", what.c_str());
    return kFailed;
}

// A key that was not written is a key lost: a full disk behind stdout must show.
int print(std::FILE* stream, const std::string& line) {
    bool ok = std::fprintf(stream, "%s\n", line.c_str()) >= 0 && std::fflush(stream) == 0;
    return ok ? 0 : complain("output: cannot write");
}

// With a file: private key there, public key on stdout. Without: private on stdout, public on
// stderr, so that `netft-key generate > FILE` does what it looks like.
int generate(const std::string& file) {
    auto key = PrivateKey::generate();
    if (!key) return complain(key.error().what);
    auto public_key = public_of(*key);
    if (!public_key) return complain(public_key.error().what);
    if (!file.empty()) {
        if (auto saved = save_private_key(file, *key); !saved) return complain(saved.error().what);
        return print(stdout, to_text(*public_key));
    }
    std::string secret = key->to_text();
    int result = print(stdout, secret);
    wipe(secret);
    return result != 0 ? result : print(stderr, to_text(*public_key));
}

int show_public(const std::string& file) {
    auto key = load_private_key(file);
    if (!key) return complain(key.error().what);
    auto public_key = public_of(*key);
    if (!public_key) return complain(public_key.error().what);
    return print(stdout, to_text(*public_key));
}

constexpr const char* kThenReload = " to every node, then on each: systemctl reload netft";

// Without a file: the key on stdout, for a pipe.
int make_cluster(const std::string& file) {
    auto key = make_cluster_key();
    if (!key) return complain(key.error().what);
    if (file.empty()) {
        std::string secret = to_base64(key->bytes());
        int result = print(stdout, secret);
        wipe(secret);
        return result;
    }
    if (auto saved = save_cluster_key(file, *key); !saved) return complain(saved.error().what);
    return print(stdout, "made; copy " + file + kThenReload);
}

int add(const std::string& file) {
    auto key = make_cluster_key();
    if (!key) return complain(key.error().what);
    if (auto done = add_cluster_key(file, *key); !done) return complain(done.error().what);
    return print(stdout, "added as second key; copy " + file + kThenReload + "; next: --promote");
}

int promote(const std::string& file) {
    if (auto done = promote_cluster_key(file); !done) return complain(done.error().what);
    return print(
        stdout, "the second key is now the first; copy " + file + kThenReload + "; next: --retire");
}

int retire(const std::string& file) {
    if (auto done = retire_cluster_key(file); !done) return complain(done.error().what);
    return print(stdout, "the old key is gone; copy " + file + kThenReload);
}

int usage(const std::string& what) {
    std::fprintf(stderr, "netft-key: usage: %s (see netft-key --help)\n", what.c_str());
    return kUsage;
}

// `netft-key cluster`: one option, each with a file.
struct ClusterOptions {
    std::string file;
    CLI::App* command = nullptr;

    explicit ClusterOptions(CLI::App& app)
        : command(app.add_subcommand("cluster", "Make or change the key that all nodes share")) {
        auto* group = command->add_option_group("what");
        group->require_option(0, 1);
        group->add_option("-o,--output", file,
                          "Write a new key to this new file (mode 0600); else to stdout");
        group->add_option("--add", file, "Append a new second key to this file");
        group->add_option("--promote", file, "Swap the first and the second key of this file");
        group->add_option("--retire", file, "Remove the second key of this file");
    }
    int run() const {
        if (command->count("--add") > 0) return add(file);
        if (command->count("--promote") > 0) return promote(file);
        if (command->count("--retire") > 0) return retire(file);
        return make_cluster(file);
    }
    bool has_empty_file() const {
        bool any = command->count("--output") + command->count("--add") +
                       command->count("--promote") + command->count("--retire") >
                   0;
        return any && file.empty();
    }
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Makes a node's key pair and the key that all nodes share.", "netft-key");
    app.set_version_flag("--version", "netft-key " NETFT_VERSION);
    app.require_subcommand(1);

    std::string out_file;
    auto* generate_command = app.add_subcommand("generate", "Make a new key pair");
    generate_command->add_option("-o,--output", out_file,
                                 "Write the private key to this new file (mode 0600) and print the "
                                 "public key; else private to stdout, public to stderr");
    std::string in_file;
    auto* public_command = app.add_subcommand("public", "Print the public key of a private key");
    public_command->add_option("FILE", in_file, "File with the private key")->required();

    ClusterOptions cluster(app);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        return usage(error.what());
    }
    if ((generate_command->count("--output") > 0 && out_file.empty()) || cluster.has_empty_file())
        return usage("an empty file name");
    if (cluster.command->parsed()) return cluster.run();
    return generate_command->parsed() ? generate(out_file) : show_public(in_file);
}
