using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sophia.Sqlite;

/// <summary>Knows how many pages the write-ahead log of a connection holds, as SQLite tells after each commit.</summary>
internal sealed unsafe class WalSize : IDisposable
{
    private readonly int* pages;

    public WalSize(DatabaseConnection connection)
    {
        var hook = (delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<void*, nint, byte*, int, int>, void*, void*>)SqliteLibrary.Export("sqlite3_wal_hook");
        pages = (int*)NativeMemory.AllocZeroed(sizeof(int)); // After what may fail: nobody disposes what was not made.
        hook(connection.Handle.DangerousGetHandle(), &Committed, pages);
    }

    public int Pages
    {
        get => *pages;
        set => *pages = value;
    }

    /// <summary>Only after no commit can come any more.</summary>
    public void Dispose() => NativeMemory.Free(pages);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Committed(void* context, nint connection, byte* database, int pagesInLog)
    {
        *(int*)context = pagesInLog;
        return 0;
    }
}
