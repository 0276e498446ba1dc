using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;

namespace Sophia.Sqlite;

/// <summary>Loads SQLite once per process: the system's library where it is newer than the bundled 3.35 and complete, else the bundled one.</summary>
/// <remarks>Nothing in Sophia uses what 3.35 lacks, so both are right; a newer one brings years of fixes. See docs/adr/0005.</remarks>
internal static unsafe class SqliteLibrary
{
    private const int BundledVersion = 3_035_005;
    private static readonly string[] Needed = ["ENABLE_FTS5"];
    private static readonly Lock Gate = new();
    private static nint handle;

    /// <summary>The version in use, such as "3.40.1". Loads the library.</summary>
    public static string Version
    {
        get
        {
            Load();
            return raw.sqlite3_libversion().utf8_to_string();
        }
    }

    /// <summary>Comes before the first connection of the process, whoever opens it: the library is set up anew here.</summary>
    public static void Load()
    {
        lock (Gate)
        {
            if (handle != 0)
                return;
            var provider = typeof(SQLite3Provider_e_sqlite3).Assembly;
            NativeLibrary.SetDllImportResolver(provider, Resolve);
            Batteries_V2.Init();
            _ = raw.sqlite3_libversion();
            if (handle == 0)
                handle = NativeLibrary.Load("e_sqlite3", provider, null);
            LeaveConnectionsToOneThread();
        }
    }

    /// <summary>Every connection of ours is used by one thread at a time, so SQLite need not lock it at each call.</summary>
    private static void LeaveConnectionsToOneThread()
    {
        ((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(handle, "sqlite3_shutdown"))();
        ((delegate* unmanaged[Cdecl]<int, int>)NativeLibrary.GetExport(handle, "sqlite3_config"))(raw.SQLITE_CONFIG_MULTITHREAD);
        ((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(handle, "sqlite3_initialize"))();
    }

    /// <summary>The address of a function of the library in use.</summary>
    public static nint Export(string name)
    {
        Load();
        return NativeLibrary.GetExport(handle, name);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != "e_sqlite3")
            return 0;
        if (Environment.GetEnvironmentVariable("SOPHIA_SQLITE") != "bundled")
            handle = System(assembly);
        if (handle == 0)
            NativeLibrary.TryLoad(name, assembly, path, out handle);
        return handle;
    }

    private static nint System(Assembly assembly)
    {
        string[] names = OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : OperatingSystem.IsWindows() ? ["winsqlite3"] : ["libsqlite3.so.0", "libsqlite3.so"];
        foreach (var candidate in names)
            if (NativeLibrary.TryLoad(candidate, assembly, null, out var library))
            {
                if (IsNewerAndComplete(library))
                    return library;
                NativeLibrary.Free(library);
            }
        return 0;
    }

    private static bool IsNewerAndComplete(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var version)
            || !NativeLibrary.TryGetExport(library, "sqlite3_threadsafe", out var threadsafe)
            || !NativeLibrary.TryGetExport(library, "sqlite3_compileoption_used", out var optionUsed))
            return false;
        if (((delegate* unmanaged[Cdecl]<int>)version)() <= BundledVersion || ((delegate* unmanaged[Cdecl]<int>)threadsafe)() == 0)
            return false;
        foreach (var option in Needed)
            fixed (byte* text = Encoding.ASCII.GetBytes(option + '\0'))
                if (((delegate* unmanaged[Cdecl]<byte*, int>)optionUsed)(text) == 0)
                    return false;
        return true;
    }
}
