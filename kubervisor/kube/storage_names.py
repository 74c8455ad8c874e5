"""What storage is called, however it is reached: those with the same name share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def storage_of(source: Mapping[str, Any]) -> str:
    """What the storage of a volume is called, the same in a PersistentVolume and in a pod; "" where
    it is none that two can name.

    >>> storage_of({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}})
    'ebs.csi.aws.com vol-1'
    >>> storage_of({"awsElasticBlockStore": {"volumeID": "aws://us-east-1a/vol-1"}})
    'ebs.csi.aws.com vol-1'
    """
    return next(_storages(source), "")


def _storages(source: Mapping[str, Any]) -> Iterator[str]:
    # What is provided by CSI today had a field of its own before, and pods still may use that.
    csi = source.get("csi") or {}
    if csi.get("volumeHandle"):  # a pod's own has none: it is made for that pod
        yield f"{csi.get('driver')} {csi['volumeHandle']}"
    if aws := source.get("awsElasticBlockStore"):
        yield f"ebs.csi.aws.com {str(aws.get('volumeID')).rpartition('/')[2]}"
    if azure := source.get("azureDisk"):
        yield f"disk.csi.azure.com {azure.get('diskURI')}"
    if portworx := source.get("portworxVolume"):
        yield f"pxd.portworx.com {portworx.get('volumeID')}"
    if nfs := source.get("nfs"):
        yield f"nfs {nfs.get('server')} {str(nfs.get('path')).rstrip('/')}"
    if iscsi := source.get("iscsi"):
        yield f"iscsi {iscsi.get('targetPortal')} {iscsi.get('iqn')} {iscsi.get('lun')}"
    if rbd := source.get("rbd"):
        monitors = ",".join(sorted(map(str, rbd.get("monitors") or rbd.get("cephMonitors") or ())))
        yield f"rbd {monitors} {rbd.get('pool', 'rbd')} {rbd.get('image')}"
