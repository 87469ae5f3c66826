// Names inside the runtime directory (default /run/openvss, on tmpfs): one list for all programs.
#pragma once

namespace vss::base::runtime {

inline constexpr const char* kDirectoryDefault = "/run/openvss";  // root:vss 0751
inline constexpr const char* kStateDirectoryDefault = "/var/lib/openvss";
inline constexpr const char* kConfigDefault = "/etc/openvss/openvss.toml";

inline constexpr const char* kAppSocket = "app.sock";          // 0660 root:vss, writers
inline constexpr const char* kFreezerSocket = "freezer.sock";  // 0600 root
inline constexpr const char* kControlSocket = "control.sock";  // 0666, rights by credentials
inline constexpr const char* kHostSocket = "vmbus.sock";  // of a simulated host; the host's own

inline constexpr const char* kDriverDirectory = "driver";  // vss 0700
inline constexpr const char* kDriverNote = "driver/note";  // the open transaction, if any

inline constexpr const char* kFreezerDirectory = "freezer";   // root 0700
inline constexpr const char* kSlots = "freezer/slots";        // preallocated, mapped shared
inline constexpr const char* kThawedPage = "freezer/thawed";  // one page: generation last thawed
inline constexpr const char* kGuardianSocket = "freezer/guardian.sock";

}  // namespace vss::base::runtime
