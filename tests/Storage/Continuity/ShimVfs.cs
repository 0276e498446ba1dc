using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sophia.Sqlite;

namespace Sophia.Continuity;

/// <summary>A file layer of our own under SQLite: it records what is done to every file, can run out of room, and can make SQLite forget to sync.</summary>
internal sealed unsafe class ShimVfs : IDisposable
{
    private const int Ok = 0;
    private const int Full = 13;
    private const int SyncFailed = 10 | (4 << 8);
    private const int FileControlPragma = 14;
    private static readonly NativeMethods* Methods = MakeMethods();
    private static int made;
    private readonly NativeVfs* shim;
    private readonly NativeVfs* below;
    private GCHandle self;

    public ShimVfs(DiskTape? tape = null)
    {
        Tape = tape;
        Name = $"sophia-shim-{Interlocked.Increment(ref made)}";
        self = GCHandle.Alloc(this);
        below = ((delegate* unmanaged[Cdecl]<byte*, NativeVfs*>)SqliteLibrary.Export("sqlite3_vfs_find"))(null);
        shim = (NativeVfs*)NativeMemory.AllocZeroed((nuint)sizeof(NativeVfs));
        *shim = *below;
        shim->Next = null;
        shim->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        shim->AppData = (void*)GCHandle.ToIntPtr(self);
        shim->FileBytes = sizeof(NativeFile) + below->FileBytes;
        shim->Open = &Open;
        shim->Delete = &Delete;
        ((delegate* unmanaged[Cdecl]<NativeVfs*, int, int>)SqliteLibrary.Export("sqlite3_vfs_register"))(shim, 0);
    }

    public string Name { get; }

    public DiskTape? Tape { get; }

    /// <summary>How many bytes files may still grow by.</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>Whether syncs fail.</summary>
    public bool SyncsFail { get; set; }

    /// <summary>Called before every write to a file.</summary>
    public Action? Writing { get; init; }

    /// <summary>Turns every PRAGMA synchronous that passes into OFF.</summary>
    public bool NeverSync { get; init; }

    public void Dispose()
    {
        ((delegate* unmanaged[Cdecl]<NativeVfs*, int>)SqliteLibrary.Export("sqlite3_vfs_unregister"))(shim);
        Marshal.FreeCoTaskMem((nint)shim->Name);
        NativeMemory.Free(shim);
        self.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(NativeVfs* vfs, byte* name, NativeFile* file, int flags, int* outFlags)
    {
        var shim = (ShimVfs)GCHandle.FromIntPtr((nint)vfs->AppData).Target!;
        var path = Marshal.PtrToStringUTF8((nint)name);
        var isNew = path is not null && !File.Exists(path);
        *file = default;
        var code = shim.below->Open(shim.below, name, NativeFile.Below(file), flags, outFlags);
        if (NativeFile.Below(file)->Methods is null)
            return code;
        file->Methods = Methods;
        file->Owner = GCHandle.ToIntPtr(GCHandle.Alloc(new OpenFile(shim, path)));
        if (isNew && code == Ok)
            shim.Tape?.Created(path!);
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(NativeVfs* vfs, byte* name, int syncFolder)
    {
        var shim = (ShimVfs)GCHandle.FromIntPtr((nint)vfs->AppData).Target!;
        var code = shim.below->Delete(shim.below, name, syncFolder);
        if (code == Ok)
            shim.Tape?.Deleted(Marshal.PtrToStringUTF8((nint)name)!, syncFolder != 0);
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(NativeFile* file)
    {
        GCHandle.FromIntPtr(file->Owner).Free();
        return NativeFile.Below(file)->Methods->Close(NativeFile.Below(file));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(NativeFile* file, void* bytes, int count, long offset)
    {
        var open = Of(file);
        open.Shim.Writing?.Invoke();
        long size;
        Methods->FileSize(file, &size);
        var growth = Math.Max(0, offset + count - size);
        if (growth > open.Shim.Room)
            return Full;
        open.Shim.Room -= growth;
        var code = NativeFile.Below(file)->Methods->Write(NativeFile.Below(file), bytes, count, offset);
        if (code == Ok && open.Path is not null)
            open.Shim.Tape?.Written(open.Path, offset, new ReadOnlySpan<byte>(bytes, count));
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(NativeFile* file, long size)
    {
        var open = Of(file);
        var code = NativeFile.Below(file)->Methods->Truncate(NativeFile.Below(file), size);
        if (code == Ok && open.Path is not null)
            open.Shim.Tape?.Truncated(open.Path, size);
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(NativeFile* file, int flags)
    {
        var open = Of(file);
        if (open.Shim.SyncsFail)
            return SyncFailed;
        var code = NativeFile.Below(file)->Methods->Sync(NativeFile.Below(file), flags);
        if (code == Ok && open.Path is not null)
            open.Shim.Tape?.Synced(open.Path);
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(NativeFile* file, int operation, void* argument)
    {
        // The pragma's value is SQLite's own copy of the text, so it can be changed before SQLite reads it.
        if (operation == FileControlPragma && Of(file).Shim.NeverSync && Marshal.PtrToStringUTF8((nint)((byte**)argument)[1]) is "synchronous" && ((byte**)argument)[2] is var value && value is not null)
        {
            var off = value[1] == 0 ? "0"u8 : "OFF"u8;
            off.CopyTo(new Span<byte>(value, off.Length));
            value[off.Length] = 0;
        }
        return NativeFile.Below(file)->Methods->FileControl(NativeFile.Below(file), operation, argument);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(NativeFile* file, void* into, int count, long offset) => NativeFile.Below(file)->Methods->Read(NativeFile.Below(file), into, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(NativeFile* file, long* size) => NativeFile.Below(file)->Methods->FileSize(NativeFile.Below(file), size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(NativeFile* file, int level) => NativeFile.Below(file)->Methods->Lock(NativeFile.Below(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(NativeFile* file, int level) => NativeFile.Below(file)->Methods->Unlock(NativeFile.Below(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(NativeFile* file, int* held) => NativeFile.Below(file)->Methods->CheckReservedLock(NativeFile.Below(file), held);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(NativeFile* file) => NativeFile.Below(file)->Methods->SectorSize(NativeFile.Below(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(NativeFile* file) => NativeFile.Below(file)->Methods->DeviceCharacteristics(NativeFile.Below(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmMap(NativeFile* file, int page, int bytes, int extend, void** into) => NativeFile.Below(file)->Methods->ShmMap(NativeFile.Below(file), page, bytes, extend, into);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmLock(NativeFile* file, int offset, int count, int flags) => NativeFile.Below(file)->Methods->ShmLock(NativeFile.Below(file), offset, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ShmBarrier(NativeFile* file) => NativeFile.Below(file)->Methods->ShmBarrier(NativeFile.Below(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmUnmap(NativeFile* file, int delete) => NativeFile.Below(file)->Methods->ShmUnmap(NativeFile.Below(file), delete);

    private static OpenFile Of(NativeFile* file) => (OpenFile)GCHandle.FromIntPtr(file->Owner).Target!;

    private static NativeMethods* MakeMethods()
    {
        var methods = (NativeMethods*)NativeMemory.AllocZeroed((nuint)sizeof(NativeMethods));
        *methods = new NativeMethods
        {
            Version = 2,
            Close = &Close, Read = &Read, Write = &Write, Truncate = &Truncate, Sync = &Sync, FileSize = &FileSize,
            Lock = &Lock, Unlock = &Unlock, CheckReservedLock = &CheckReservedLock, FileControl = &FileControl,
            SectorSize = &SectorSize, DeviceCharacteristics = &DeviceCharacteristics,
            ShmMap = &ShmMap, ShmLock = &ShmLock, ShmBarrier = &ShmBarrier, ShmUnmap = &ShmUnmap,
        };
        return methods;
    }

    private sealed record OpenFile(ShimVfs Shim, string? Path);
}
