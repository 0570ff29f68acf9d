"""Draws one person offscreen with VTK: skin, eyes, teeth, hair, shoulders; frames come back as RGBA."""

from dataclasses import dataclass

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from tools.render.creases import strengthen
from tools.render.geometry import (
    GUMS,
    SCLERA_LEFT,
    SKIN,
    TEETH,
    Floats,
    IctFace,
    Indices,
    rotation,
    smoothstep,
    triangles,
    vertex_normals,
)
from tools.render.hair import Mesh, make_eyeball, make_glasses, make_hair, make_shoulders
from tools.render.paint import Canvas, paint_skin
from tools.render.people import Person
from tools.render.performance import Frame
from tools.render.setting import Setting

_OVERSAMPLING = 1.5
_PIVOT = np.array([0.0, -5.0, -1.5], np.float32)  # where the head turns on the neck
_EYE_RADIUS = 1.56


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A surface on the graphics side whose points are replaced in every frame."""

    data: vtk.vtkPolyData
    actor: vtk.vtkActor


class Stage:
    """One window and one person at a time; `place` the person, `set_up` the camera and lights, then draw frames.

    Args:
        face: the face model.
        canvas: where the texels of its skin lie.
        width, height: size of the pictures in pixels.
    """

    def __init__(self, face: IctFace, canvas: Canvas, width: int = 256, height: int = 256) -> None:
        self._face, self._canvas = face, canvas
        self._size = (round(width * _OVERSAMPLING), round(height * _OVERSAMPLING))
        self._names = tuple(face.shapes)
        shapes = strengthen(face)
        self._deltas = np.stack([shapes[name].ravel() for name in self._names])
        self._skin_quads = face.quads_of(*SKIN)
        self._mouth_quads = face.quads_of(GUMS, TEETH)
        self._neck = smoothstep(-15.0, -6.5, face.vertices[:, 1])[:, None]  # 0 stays with the shoulders
        self._window, self._renderer = _open_window(*self._size)
        self._pixels = vtk.vtkUnsignedCharArray()

    def place(self, person: Person) -> None:
        """Build the person's meshes."""
        face = self._face
        self._base = face.vertices + np.tensordot(np.array(person.identity, np.float32), face.identities, 1)
        teeth = face.vertices_of(TEETH)
        upper = teeth[np.linalg.norm(face.shapes["jawOpen"][teeth], axis=1) < 0.1]
        self._base[upper] += (0, 0.22, -0.12)  # else canines alone peep from under the lip
        left = face.vertices_of(SCLERA_LEFT)
        neutral, own = face.vertices[left], self._base[left]
        size = float((np.ptp(own, axis=0) / np.ptp(neutral, axis=0)).mean())
        centre = (own.max(axis=0) + own.min(axis=0)) / 2
        centre[2] = own[:, 2].min() + _EYE_RADIUS * size
        self._eye_centres = np.stack([centre, centre * (-1, 1, 1)]).astype(np.float32)
        self._eyeball = make_eyeball(person)
        self._eye_radius = _EYE_RADIUS * size
        self._rigid = make_hair(face, self._base, person)
        if person.has_glasses:
            self._rigid.append(make_glasses(self._eye_centres, person))
        self._renderer.RemoveAllViewProps()
        self._skin, self._skin_points = self._add_skin(paint_skin(self._canvas, person))
        self._mouth = self._add_mouth()
        self._eyes = [self._add(self._eyeball, specular=0.9, power=60) for _ in range(2)]
        self._parts = [self._add(mesh, specular=0.12, power=12) for mesh in self._rigid]
        self._add(make_shoulders(person), specular=0.0)

    def set_up(self, setting: Setting) -> None:
        """Put up the camera and the lights of a clip."""
        camera = self._renderer.GetActiveCamera()
        camera.SetViewAngle(22)
        distance = setting.camera_distance
        camera.SetFocalPoint(setting.camera_x, 2.2 + setting.camera_y, 2)
        camera.SetPosition(setting.camera_x, 2.2 + setting.camera_y + 0.1 * distance * setting.camera_tilt, distance)
        camera.SetViewUp(0, 1, 0)
        self._renderer.SetActiveCamera(camera)
        self._renderer.ResetCameraClippingRange(-40, 40, -60, 30, -30, 30)
        self._renderer.RemoveAllLights()
        for light in setting.lights:
            lamp = vtk.vtkLight()
            lamp.SetLightTypeToSceneLight()
            lamp.SetPositional(False)
            lamp.SetPosition(*light.direction)
            lamp.SetFocalPoint(0, 0, 0)
            lamp.SetColor(*light.colour)
            lamp.SetIntensity(light.intensity)
            self._renderer.AddLight(lamp)

    def draw(self, frame: Frame) -> NDArray[np.uint8]:
        """One picture (1.5·height, 1.5·width, 4) uint8 RGBA, transparent where nobody is."""
        weights = np.zeros(len(self._names), np.float32)
        for name, value in frame.shapes.items():
            weights[self._names.index(name)] = value
        used = np.flatnonzero(weights)
        moved = (weights[used] @ self._deltas[used]).reshape(-1, 3)
        points = self._base + moved
        head = rotation(*frame.head_deg)
        turned = (points - _PIVOT) @ head.T + _PIVOT
        points = points + self._neck * (turned - points)
        normals = vertex_normals(points, self._skin_quads)
        _update(self._skin, points[self._skin_points], normals[self._skin_points])
        mouth, vertices = self._mouth
        _update(mouth, points[vertices], vertex_normals(points, self._mouth_quads)[vertices])
        for eye, centre in zip(self._eyes, self._eye_centres, strict=True):
            gaze = head @ rotation(frame.gaze_deg[0], frame.gaze_deg[1], 0)
            place = head @ (centre - _PIVOT) + _PIVOT
            _update(eye, self._eye_radius * self._eyeball.points @ gaze.T + place, self._eyeball.normals @ gaze.T)
        for part, mesh in zip(self._parts, self._rigid, strict=True):
            own = mesh.points if mesh.follows is None else mesh.points + moved[mesh.follows]
            _update(part, (own - _PIVOT) @ head.T + _PIVOT, mesh.normals @ head.T)
        return self._grab()

    def _grab(self) -> NDArray[np.uint8]:
        self._window.Render()
        width, height = self._size
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 1, self._pixels, 0)
        return np.asarray(vtk_to_numpy(self._pixels).reshape(height, width, 4)[::-1], np.uint8)

    def _add_skin(self, texture: NDArray[np.uint8]) -> tuple[_Part, Indices]:
        """The skin, one point for every pair of vertex and texture coordinate, and the vertex of each point."""
        chosen = np.isin(self._face.materials, SKIN)
        pairs = np.stack([self._face.quads[chosen].ravel(), self._face.quad_uv[chosen].ravel()], axis=1)
        unique, corners = np.unique(pairs, axis=0, return_inverse=True)
        part = _surface(self._base[unique[:, 0]], triangles(corners.reshape(-1, 4)))
        uv = self._face.uv[unique[:, 1]] * (0.5, 1.0)
        part.data.GetPointData().SetTCoords(numpy_to_vtk(uv.astype(np.float32), deep=True))
        part.actor.SetTexture(_texture(texture))
        _finish(part.actor, specular=0.13, power=14)
        part.actor.GetProperty().BackfaceCullingOn()
        self._renderer.AddActor(part.actor)
        return part, unique[:, 0]

    def _add_mouth(self) -> tuple[_Part, Indices]:
        used, corners = np.unique(self._mouth_quads, return_inverse=True)
        part = _surface(self._base[used], triangles(corners.reshape(-1, 4)))
        is_tooth = np.isin(used, self._face.vertices_of(TEETH))[:, None]
        colours = np.where(is_tooth, (222, 214, 198), (150, 62, 60))
        x, _, z = self._face.vertices[used].T
        light = 0.12 + 0.75 * smoothstep(5.5, 10.0, z)  # little reaches the throat and the corners of the mouth
        light *= np.where(is_tooth[:, 0], 1 - 0.75 * smoothstep(0.9, 2.2, np.abs(x)), 1)
        colours = np.asarray(colours * light[:, None], np.uint8)
        part.data.GetPointData().SetScalars(numpy_to_vtk(colours, deep=True))
        _finish(part.actor, specular=0.2, power=30)
        part.actor.GetProperty().BackfaceCullingOn()
        self._renderer.AddActor(part.actor)
        return part, used

    def _add(self, mesh: Mesh, specular: float, power: float = 10) -> _Part:
        part = _surface(mesh.points, mesh.triangles)
        part.data.GetPointData().SetScalars(numpy_to_vtk(mesh.colours, deep=True))
        _update(part, mesh.points, mesh.normals)
        _finish(part.actor, specular, power)
        self._renderer.AddActor(part.actor)
        return part


def measure_openness(face: IctFace, num_directions: int = 48, side: int = 384) -> Floats:
    """How much of the sky every vertex of the skin sees, (N,) float32 in [0, 1]: 1 on a ball, less in folds."""
    window, renderer = _open_window(side, side)
    quads = face.quads_of(*SKIN)
    part = _surface(face.vertices, triangles(quads))
    renderer.AddActor(part.actor)
    normals = vertex_normals(face.vertices, quads)
    camera = renderer.GetActiveCamera()
    camera.ParallelProjectionOn()
    camera.SetParallelScale(21)
    seen, possible = np.zeros(len(normals)), np.full(len(normals), 1e-6)
    depth = vtk.vtkFloatArray()
    for index in range(num_directions):  # spread evenly on a sphere
        height, angle = 1 - (2 * index + 1) / num_directions, index * 2.399963
        radius = np.sqrt(1 - height * height)
        direction = np.array([radius * np.cos(angle), height, radius * np.sin(angle)])
        camera.SetFocalPoint(0, -2, 2)
        camera.SetPosition(*(np.array([0, -2, 2]) + 60 * direction))
        camera.SetViewUp(0, *((0, 1) if abs(height) > 0.9 else (1, 0)))
        camera.SetClippingRange(20, 100)
        window.Render()
        window.GetZbufferData(0, 0, side - 1, side - 1, depth)
        lit = _is_seen(face.vertices, renderer, camera, vtk_to_numpy(depth).reshape(side, side))
        facing = np.clip(normals @ direction, 0, None)
        possible += facing
        seen += facing * lit
    window.Finalize()
    return np.asarray(seen / possible, np.float32)


def _is_seen(points: Floats, renderer: vtk.vtkRenderer, camera: vtk.vtkCamera, depth: Floats) -> NDArray[np.bool_]:
    matrix = camera.GetCompositeProjectionTransformMatrix(1.0, 0, 1)
    values = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    at = np.column_stack([points, np.ones(len(points))]) @ values.T
    side = len(depth)
    columns, rows = (np.clip(((at[:, axis] + 1) / 2 * side).astype(int), 0, side - 1) for axis in (0, 1))
    return np.asarray(at[:, 2] <= depth[rows, columns] + 0.004)


def _open_window(width: int, height: int) -> tuple[vtk.vtkRenderWindow, vtk.vtkRenderer]:
    vtk.vtkObject.GlobalWarningDisplayOff()
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)
    window, renderer = vtk.vtkRenderWindow(), vtk.vtkRenderer()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(1)
    window.SetSize(width, height)
    renderer.SetBackground(0, 0, 0)
    renderer.SetBackgroundAlpha(0)
    renderer.AutomaticLightCreationOff()
    window.AddRenderer(renderer)
    return window, renderer


def _surface(points: Floats, corners: Indices) -> _Part:
    data, cells = vtk.vtkPolyData(), vtk.vtkCellArray()
    cells.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(corners.ravel()), deep=True))
    data.SetPolys(cells)
    mapper, actor = vtk.vtkPolyDataMapper(), vtk.vtkActor()
    mapper.SetInputData(data)
    actor.SetMapper(mapper)
    part = _Part(data, actor)
    holder = vtk.vtkPoints()
    holder.SetData(numpy_to_vtk(np.ascontiguousarray(points, np.float32), deep=True))
    data.SetPoints(holder)
    return part


def _update(part: _Part, points: NDArray[np.floating], normals: NDArray[np.floating]) -> None:
    part.data.GetPoints().SetData(numpy_to_vtk(np.ascontiguousarray(points, np.float32), deep=True))
    part.data.GetPointData().SetNormals(numpy_to_vtk(np.ascontiguousarray(normals, np.float32), deep=True))
    part.data.Modified()


def _finish(actor: vtk.vtkActor, specular: float, power: float) -> None:
    look = actor.GetProperty()
    look.SetInterpolationToPhong()
    look.SetAmbient(0.3)
    look.SetDiffuse(0.74)
    look.SetSpecular(specular)
    look.SetSpecularPower(power)


def _texture(image: NDArray[np.uint8]) -> vtk.vtkTexture:
    """A texture from rows that start at v = 0."""
    data = vtk.vtkImageData()
    data.SetDimensions(image.shape[1], image.shape[0], 1)
    data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(image.reshape(-1, 3)), deep=True))
    texture = vtk.vtkTexture()
    texture.SetInputData(data)
    texture.InterpolateOn()
    texture.MipmapOn()
    texture.SetMaximumAnisotropicFiltering(1)  # more costs as much as all the rest in software
    return texture
